import { assertEquals, assertStrictEquals } from "@std/assert";
import { asCount } from "./json_value.ts";

Deno.test("asCount() takes what can be stored as a number of tokens", () => {
  for (const [value, count] of [[0, 0], [12.4, 12], [1e9, 1e9]]) {
    assertStrictEquals(asCount(value), count);
  }
  for (const value of [-1, NaN, Infinity, 1e10, "12", null, [1]]) {
    assertEquals(asCount(value), undefined);
  }
});
