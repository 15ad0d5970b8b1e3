import { assertEquals } from "@std/assert";
import { wrapLines } from "./wrap_lines.ts";

Deno.test("wrapLines() breaks between words, below the description of an option", () => {
  assertEquals(
    wrapLines(
      [
        "Sends one prompt and shows it.",
        "  --model NAME  the name of a model",
        "  deno task pipeline run run:1 --endpoint e",
        "short",
      ].join("\n"),
      26,
    ),
    [
      "Sends one prompt and shows",
      "it.",
      "  --model NAME  the name of a model",
      "  deno task pipeline run run:1 --endpoint e",
      "short",
    ].join("\n"),
  );
  assertEquals(
    wrapLines("  --a  what it is and does", 18),
    "  --a  what it is\n       and does",
  );
});

Deno.test("wrapLines() leaves a word alone that is longer than the line", () => {
  assertEquals(wrapLines("a".repeat(30), 20), "a".repeat(30));
});

Deno.test("wrapLines() lets paragraphs flow", () => {
  const words = "a word and another word and one more ".repeat(2).trim();
  assertEquals(
    wrapLines(`${words}\nlast words\n\nnext`, 80),
    `${words} last\nwords\n\nnext`,
  );
});
