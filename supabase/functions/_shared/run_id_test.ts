import { assertEquals, assertThrows } from "@std/assert";
import { runIdSchema } from "./run_id.ts";

Deno.test("runIdSchema keeps every digit", () => {
  assertEquals(runIdSchema.parse(7), 7);
  assertEquals(runIdSchema.parse("7"), 7);
  assertEquals(runIdSchema.parse("9007199254740993"), "9007199254740993");
  for (const id of [0, 1.5, 2 ** 53, "", "-1", "7a", "1".repeat(20)]) {
    assertThrows(() => runIdSchema.parse(id));
  }
});
