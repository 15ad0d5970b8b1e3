import { assertEquals } from "@std/assert";
import { clip, toStorable } from "./clip.ts";

Deno.test("clip() keeps a text that fits and shortens one that does not", () => {
  assertEquals(clip("abc", 3), "abc");
  assertEquals(clip("abcd", 3), "ab…");
});

Deno.test("toStorable() replaces what Postgres refuses", () => {
  assertEquals(toStorable("a\0b", 10), "a\ufffdb");
  assertEquals(toStorable("a\ud83d", 10), "a\ufffd");
  assertEquals(toStorable("👍👍", 4), "👍👍");
});

Deno.test("toStorable() leaves no half of a pair when it cuts", () => {
  assertEquals(toStorable("👍👍", 2), "\ufffd…");
});
