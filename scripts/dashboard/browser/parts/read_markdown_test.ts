import { assert, assertEquals } from "@std/assert";
import { readMarkdown } from "./read_markdown.ts";

const nestedLists = (depth: number) =>
  Array.from({ length: depth }, (_, level) => `${"  ".repeat(level)}- a\n`)
    .join("");

Deno.test("readMarkdown() gives up on what is nested too deep", () => {
  for (const mark of [">", "> ", "- ", "* ", "+ ", "1. ", "> - "]) {
    const text = `a\n\n ${mark.repeat(1_000)}b`;
    assert(readMarkdown(text, 10_000) === undefined, mark);
  }
  assert(readMarkdown(nestedLists(60), 10_000) === undefined);
});

Deno.test("readMarkdown() gives up on what takes too long", () => {
  const hostile = {
    "stars of emphasis": "*x *x ".repeat(20_000),
    "lists within lists": nestedLists(1_500),
  };
  for (const [name, text] of Object.entries(hostile)) {
    const begun = performance.now();
    assert(readMarkdown(text) === undefined, name);
    // A single step of marked is not interrupted.
    assert(performance.now() - begun < 5_000, name);
  }
});

Deno.test("readMarkdown() reads what people write", () => {
  const types = (text: string) =>
    readMarkdown(text, 10_000)?.map(({ type }) => type);
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
  assertEquals(types("A **long** text. ".repeat(20_000)), ["paragraph"]);
});
