import { equal } from "node:assert/strict";
import { clip, toStorable } from "./clip.ts";

Deno.test("clip() keeps a text that fits and shortens one that does not", () => {
  equal(clip("abc", 3), "abc");
  equal(clip("abcd", 3), "ab…");
});

Deno.test("toStorable() replaces what Postgres refuses", () => {
  equal(toStorable("a\0b", 10), "a\ufffdb");
  equal(toStorable("a\ud83d", 10), "a\ufffd");
  equal(toStorable("👍👍", 4), "👍👍");
});

Deno.test("toStorable() leaves no half of a pair when it cuts", () => {
  equal(toStorable("👍👍", 2), "\ufffd…");
});
