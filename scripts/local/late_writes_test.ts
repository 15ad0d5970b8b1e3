import { equal } from "node:assert/strict";
import { isLateWrite } from "./late_writes.ts";

function errorAt(place: string): TypeError {
  const error = new TypeError(
    "Cannot read properties of null (reading 'write')",
  );
  error.stack = `TypeError: ${error.message}\n    at ${place}`;
  return error;
}

Deno.test("isLateWrite() knows the driver's error from all others", () => {
  const driver = "Immediate.nextWrite (npm/postgres/3.4.9/src/connection.js:1)";
  equal(isLateWrite(errorAt(driver)), true);
  equal(isLateWrite(errorAt("answer (handler.ts:1)")), false);
  equal(isLateWrite(new TypeError("something else")), false);
});
