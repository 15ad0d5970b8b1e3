import { deepEqual, equal } from "node:assert/strict";
import { addResults, describeResult } from "./part_result.ts";

Deno.test("describeResult() ends with the count and names every failure", () => {
  equal(
    describeResult({ passed: 3, failures: ["a.ts", "b.sql\n  why"] }),
    "\nFAILED a.ts\nFAILED b.sql\n  why\n3 passed, 2 failed",
  );
});

Deno.test("addResults() adds what passed and keeps every failure", () => {
  deepEqual(
    addResults([{ passed: 1, failures: ["a"] }, { passed: 2, failures: [] }]),
    { passed: 3, failures: ["a"] },
  );
});
