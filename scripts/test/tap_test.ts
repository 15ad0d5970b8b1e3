import { deepEqual } from "node:assert/strict";
import { countTap } from "./tap.ts";

Deno.test("countTap() counts what passed", () => {
  deepEqual(countTap("a.sql", ["1..2", "ok 1 - one", "ok 2 - two"]), {
    passed: 2,
    failures: [],
  });
});

Deno.test("countTap() gives a failed test with its diagnosis", () => {
  deepEqual(
    countTap("a.sql", ["1..1", 'not ok 1 - one\n# Failed test 1: "one"']),
    {
      passed: 0,
      failures: ['a.sql: not ok 1 - one\n  # Failed test 1: "one"'],
    },
  );
});

Deno.test("countTap() fails a file whose plan is not kept", () => {
  const { passed, failures } = countTap("a.sql", ["1..2", "ok 1 - one"]);
  deepEqual([passed, failures.length], [1, 1]);
});

Deno.test("countTap() fails a file that ended with an error", () => {
  deepEqual(countTap("a.sql", ["1..1", "ok 1"], "no such table"), {
    passed: 1,
    failures: ["a.sql: no such table"],
  });
});

Deno.test("countTap() fails a file without tests", () => {
  deepEqual(countTap("a.sql", []).failures.length, 1);
});
