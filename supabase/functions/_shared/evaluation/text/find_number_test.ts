import { assertEquals, assertMatch } from "@std/assert";
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
      ["-$3.20", -3.2],
      ["$-3.20", -3.2],
      ["a loss of \u2013$250.", -250],
      ["\u20135", -5],
      ["3\u20135", 5],
      ["-€ 12", -12],
      ["1 000 000", 1_000_000],
      ["9\u2009500 €", 9500],
      ["9\u202f500", 9500],
      ["1'000'000", 1_000_000],
      ["1’234.5", 1234.5],
      ["\\boxed{$7{,}250}", 7250],
      ["9\\,500", 9500],
      ["\\boxed{8,000}", 8000],
      ["12,34,567", 1_234_567],
      ["3/4", 0.75],
      ["-3/4", -0.75],
      ["\\frac{3}{4}", 0.75],
      ["1 1/2", 1.5],
      ["½", 0.5],
      ["2¾ cups", 2.75],
      ["on 12/31/2024", 2024],
      ["3 × 10^8", 3e8],
      ["6.02 x 10^{23}", 6.02e23],
      ["1.6 \\times 10^{-19}", 1.6e-19],
      ["2·10⁻³", 0.002],
      ["12 million", 12e6],
      ["$1.5 billion", 1.5e9],
      ["3-million", 3e6],
      ["٤٢", 42],
      ["４２", 42],
      ["They sold 64 tickets, altogether.", 64],
      ["A: 10 - 5 = 5", 5],
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
  assertEquals(findNumber("1 234,56 €", comma), { number: 1234.56 });
  assertEquals(findNumber("3{,}14", comma), { number: 3.14 });
  assertEquals(findNumber("12 Mio. Euro", comma), { number: 12e6 });
});

Deno.test("findNumber() refuses a number that no number can hold", () => {
  assertEquals(findNumber("9".repeat(400), last), {
    problem: "a number too large",
  });
});

Deno.test("findNumber() says when a number can be read in two ways", () => {
  for (
    const [text, decimalMark] of [
      ["3,14", "."],
      ["1 234,56", "."],
      ["1.5", ","],
      ["12.25 Euro", ","],
      ["2 Billionen", ","],
    ] as const
  ) {
    const found = findNumber(text, { which: "last", decimalMark });
    assertMatch(found.problem ?? "", /can be read in two ways/, text);
  }
});

Deno.test("findNumber() takes linear time for hostile texts", () => {
  for (const part of ["1,234", "1 ", "1 1/", "12,", "$", "1.", "9 x 10^"]) {
    findNumber(part.repeat(100_000), last);
  }
});
