import { assertEquals } from "@std/assert";
import { findTapFailures } from "./tap_failures.ts";

Deno.test("findTapFailures() finds none when all passed", () => {
  assertEquals(findTapFailures(["1..2", "ok 1 - one", "ok 2 - two"]), []);
});

Deno.test("findTapFailures() gives a failed assertion with its diagnosis", () => {
  const failed = 'not ok 1 - one\n# Failed test 1: "one"';
  assertEquals(findTapFailures(["1..2", failed, "ok 2"]), [failed]);
});

Deno.test("findTapFailures() wants the plan to be kept", () => {
  assertEquals(findTapFailures(["1..2", "ok 1 - one"]), [
    "1 assertions ran, planned were 1..2",
  ]);
  assertEquals(findTapFailures([]), ["0 assertions ran, planned were none"]);
  assertEquals(findTapFailures(["ok 1 - one"]).length, 1);
});
