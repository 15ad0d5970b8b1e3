import { assert, assertEquals } from "@std/assert";
import { readMarkdown } from "./read_markdown.ts";

const nestedLists = (depth: number) =>
  Array.from({ length: depth }, (_, level) => `${"  ".repeat(level)}- a\n`)
    .join("");

Deno.test("readMarkdown() gives up on what is nested too deep", () => {
  for (const mark of [">", "> ", "- ", "* ", "+ ", "1. ", "> - "]) {
    const text = `a\n\n ${mark.repeat(1_000)}b`;
    assert(readMarkdown(text) === undefined, mark);
  }
  assert(readMarkdown(nestedLists(60)) === undefined);
});

Deno.test("readMarkdown() gives up on what takes too long", () => {
  const hostile = {
    "stars of emphasis": "*x *x ".repeat(20_000),
    "stars and brackets": "*]".repeat(50_000),
    "a book": "A long text. ".repeat(20_000),
    "lists within lists": nestedLists(400),
  };
  for (const [name, text] of Object.entries(hostile)) {
    const begun = performance.now();
    assert(readMarkdown(text) === undefined, name);
    assert(performance.now() - begun < 5_000, name);
  }
});

Deno.test("readMarkdown() reads what people write", () => {
  const types = (text: string) => readMarkdown(text)?.map(({ type }) => type);
  assertEquals(types("# a\n\n- *b*\n  - c\n\n`d`"), [
    "heading",
    "space",
    "list",
    "space",
    "paragraph",
  ]);
  assertEquals(types("-".repeat(80)), ["hr"]);
  assertEquals(types("*".repeat(80)), ["hr"]);
  assertEquals(types("> ".repeat(49) + "b"), ["blockquote"]);
  const long = "A **long** text with `code` and [a](https://b.example).\n";
  assertEquals(types(`${long.repeat(20)}\n`.repeat(100))?.length, 200);
});
