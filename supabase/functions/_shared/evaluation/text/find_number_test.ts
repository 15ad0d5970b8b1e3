import { assertEquals } from "@std/assert";
import { findNumber, type NumberNotation } from "./find_number.ts";

const last: NumberNotation = { which: "last", decimalMark: "." };

Deno.test("findNumber() reads numbers as people and models write them", () => {
  for (
    const [text, number] of [
      ["42", 42],
      ["The answer is 42.", 42],
      ["-1,234.50", -1234.5],
      ["$1,000,000", 1_000_000],
      ["\u22127 °C", -7],
      ["x=-5", -5],
      ["50%", 50],
      [".5", 0.5],
      ["-.5", -0.5],
      ["6.02e23", 6.02e23],
      ["\\boxed{12}", 12],
      ["COVID-19", 19],
      ["10-5", 5],
      ["1,2,3", 3],
      ["42kg", 42],
    ] as const
  ) {
    assertEquals(findNumber(text, last), { number }, text);
  }
});

Deno.test("findNumber() finds none where digits belong to words", () => {
  for (const text of ["", "none", "H2O", "v1.5", "a_1"]) {
    assertEquals(findNumber(text, last), { problem: "no number" }, text);
  }
});

Deno.test("findNumber() takes the first, the last or the only number", () => {
  const text = "between 3 and 4";
  assertEquals(findNumber(text, { ...last, which: "first" }), { number: 3 });
  assertEquals(findNumber(text, last), { number: 4 });
  const only: NumberNotation = { ...last, which: "only" };
  assertEquals(findNumber(text, only), { problem: "2 numbers, not one" });
  assertEquals(findNumber("4, that is 4.0", only), { number: 4 });
});

Deno.test("findNumber() reads a decimal comma when told to", () => {
  const comma: NumberNotation = { which: "last", decimalMark: "," };
  assertEquals(findNumber("1.234,5 €", comma), { number: 1234.5 });
  assertEquals(findNumber("3,14", comma), { number: 3.14 });
});

Deno.test("findNumber() refuses a number that no number can hold", () => {
  assertEquals(findNumber("9".repeat(400), last), {
    problem: "a number too large",
  });
});
