import { assertEquals } from "@std/assert";
import { roleOf } from "./role_of.ts";

Deno.test("roleOf() takes names in any spelling, with the blanks of char(n)", () => {
  assertEquals(
    ["user", "HumanMessage", "assistant   ", " User", "tool", 1].map(roleOf),
    ["user", "user", "assistant", "user", undefined, undefined],
  );
});
