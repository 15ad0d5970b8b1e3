import { assertEquals } from "@std/assert";
import { repeatedItems } from "./repeated_items.ts";

Deno.test("repeatedItems() finds lists with an item twice, at any depth", () => {
  const twice = [{ a: 1, b: [2] }, 3, { b: [2], a: 1 }];
  assertEquals(repeatedItems({ x: [[1], twice], y: [1, "1", null, [1]] }), [
    twice,
  ]);
});

Deno.test("repeatedItems() gives equal lists once", () => {
  assertEquals(repeatedItems([[1, 1], [1, 1], [2, 2]]), [
    [1, 1],
    [2, 2],
    [[1, 1], [1, 1], [2, 2]],
  ]);
});
