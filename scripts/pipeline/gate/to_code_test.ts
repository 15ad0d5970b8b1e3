import { assertStrictEquals } from "@std/assert";
import { toCode } from "./to_code.ts";

Deno.test("toCode() makes one span of any text", () => {
  const cases: [string, string][] = [
    ["plain @someone", "`plain @someone`"],
    ["two\nlines", "`two lines`"],
    ["a `b` c", "``a `b` c``"],
    ["```", "```` ``` ````"],
    ["`x", "`` `x ``"],
    ["", "` `"],
    ["\u202eevil", "`<U+202E>evil`"],
  ];
  for (const [text, expected] of cases) {
    assertStrictEquals(toCode(text), expected);
  }
});
