import { assertEquals, assertThrows } from "@std/assert";
import { parseJson } from "./parse_json.ts";

Deno.test("parseJson() replaces escapes of U+0000", () => {
  assertEquals(parseJson('"a\\u0000b\\u00000"'), "a\ufffdb\ufffd0");
});

Deno.test("parseJson() leaves the digits alone where they are no escape", () => {
  assertEquals(parseJson('["\\\\u0000", "\\u00001", 10000]'), [
    "\\u0000",
    "\ufffd1",
    10000,
  ]);
});

Deno.test("parseJson() takes what Python writes for no number as null", () => {
  assertEquals(
    parseJson('{"a": NaN, "b": [-Infinity, Infinity], "c": "NaN \\"NaN"}'),
    { a: null, b: [null, null], c: 'NaN "NaN' },
  );
  assertThrows(() => parseJson('{"a": NaNo}'), SyntaxError);
});

Deno.test("parseJson() throws for text that is not JSON", () => {
  assertThrows(() => parseJson('{"a": '), SyntaxError);
});
