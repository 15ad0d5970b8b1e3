import { assertEquals, assertStrictEquals } from "@std/assert";
import { insideBlock, opensWith, withoutBlocks } from "./injected_text.ts";

Deno.test("withoutBlocks() removes every block with these tags", () => {
  assertEquals(
    withoutBlocks("<a>1</a> one <b x='y'>2</b><a>3</a>two", ["a", "b"]),
    "one two",
  );
});

Deno.test("withoutBlocks() keeps text without blocks, and a block that is not closed", () => {
  assertEquals(withoutBlocks(" one ", ["a"]), " one ");
  assertEquals(withoutBlocks("one <a> two", ["a"]), "one <a> two");
});

Deno.test("withoutBlocks() takes linear time for many openings", () => {
  const text = "<a>".repeat(300_000);
  assertStrictEquals(withoutBlocks(text, ["a"]), text);
});

Deno.test("insideBlock() gives what stands in the first block", () => {
  assertEquals(
    insideBlock("x <task>\n one \n</task><task>two</task>", "task"),
    "one",
  );
  assertEquals(insideBlock("<task>one", "task"), undefined);
});

Deno.test("opensWith() passes over leading white space", () => {
  assertEquals(opensWith("\n <a>", ["<a>"]), true);
  assertEquals(opensWith("x <a>", ["<a>"]), false);
});
