import { assertEquals, assertThrows } from "@std/assert";
import { compareJson } from "./similar_json.ts";

Deno.test("compareJson() takes values for equal whatever the order of their keys", () => {
  assertEquals(
    compareJson({ a: [1, { b: null }], c: "x" }, {
      c: "x",
      a: [1, { b: null }],
    }),
    {
      score: 1,
      differences: [],
    },
  );
});

Deno.test("compareJson() gives the mean over the keys of both, and names what differs", () => {
  const { score, differences } = compareJson(
    { name: "abcd", age: 10, extra: true },
    { name: "abce", age: 20, missing: 1 },
  );
  assertEquals(score, (0.75 + 0.5 + 0 + 0) / 4);
  assertEquals(differences, ["/name", "/age", "/extra", "/missing"]);
});

Deno.test("compareJson() compares lists by place", () => {
  assertEquals(compareJson([1, 2, 3], [1, 2]).score, 2 / 3);
  assertEquals(compareJson([], []).score, 1);
  assertEquals(compareJson({ toString: 1 }, {}).score, 0);
});

Deno.test("compareJson() refuses what would take too long", () => {
  const list = Array.from({ length: 30_000 }, () => 1);
  assertThrows(() => compareJson(list, list), RangeError);
});

Deno.test("compareJson() gives 0 for texts that differ and are too long for edit distance", () => {
  const text = "a".repeat(20_000);
  assertEquals(
    compareJson({ text, name: "a" }, { text: `${text}b`, name: "a" }),
    { score: 0.5, differences: ["/text"] },
  );
  assertEquals(compareJson(text, text).score, 1);
});

Deno.test("compareJson() gives 0 for a number beyond all others", () => {
  assertEquals(compareJson(JSON.parse("1e999"), 5).score, 0);
  assertEquals(compareJson(5, JSON.parse("-1e999")).score, 0);
  assertEquals(compareJson(Infinity, -Infinity).score, 0);
});
