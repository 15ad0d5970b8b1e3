import { assertEquals } from "@std/assert";
import { findFencedBlocks } from "./fenced_blocks.ts";

Deno.test("findFencedBlocks() gives language, text, section and line", () => {
  const page = [
    "# Page",
    "```sql",
    "select 1;",
    "# no heading",
    "```",
    "## Part",
    "```",
    "```",
  ].join("\n");
  assertEquals(findFencedBlocks(page), [
    {
      language: "sql",
      text: "select 1;\n# no heading\n",
      section: "Page",
      line: 2,
    },
    { language: "", text: "", section: "Part", line: 7 },
  ]);
});
