import { assertEquals } from "@std/assert";
import { findJsonSpans } from "./json_spans.ts";

Deno.test("findJsonSpans() finds the outermost objects, whatever stands around them", () => {
  assertEquals(
    findJsonSpans(
      'So "it": {"a": {"b": "}"}} and [1, {"c": "\\"{"}].',
      "objects",
    ),
    { spans: ['{"a": {"b": "}"}}', '{"c": "\\"{"}'], isBroken: false },
  );
});

Deno.test("findJsonSpans() finds lists as well when asked", () => {
  assertEquals(
    findJsonSpans('[1, {"c": 2}] or {"d": [3]}', "objects and lists").spans,
    ['[1, {"c": 2}]', '{"d": [3]}'],
  );
});

Deno.test("findJsonSpans() says when brackets do not fit together", () => {
  for (const text of ["{", '{"a": 1}}', '{"a": "}']) {
    assertEquals(findJsonSpans(text, "objects").isBroken, true, text);
  }
});

Deno.test("findJsonSpans() takes linear time", () => {
  assertEquals(findJsonSpans("{".repeat(2_000_000), "objects").spans, []);
});
