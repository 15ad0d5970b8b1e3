import { assertEquals, assertStrictEquals } from "@std/assert";
import { stripCodeFence } from "./code_fence.ts";

Deno.test("stripCodeFence() gives the content of a block that is the whole text", () => {
  assertEquals(stripCodeFence("```json\n[1]\n```"), "[1]\n");
  assertEquals(stripCodeFence("\r\n~~~~\r\n[1]\r\n~~~~\r\n"), "[1]\r\n");
});

Deno.test("stripCodeFence() takes fences within a line for text", () => {
  const content = '{"code":"```python\\nprint(1)\\n```"}\n';
  assertEquals(stripCodeFence(`\`\`\`json\n${content}\`\`\``), content);
});

Deno.test("stripCodeFence() leaves other texts as they are", () => {
  for (
    const text of [
      "[1]",
      "Here:\n```\n[1]\n```",
      "```\n[1]",
      "```[1]```",
      "```\n1\n```\nor\n```\n2\n```",
    ]
  ) {
    assertStrictEquals(stripCodeFence(text), text);
  }
});

Deno.test("stripCodeFence() takes linear time for hostile texts", () => {
  const text = "```\n" + " ".repeat(2_000_000) + "`";
  assertStrictEquals(stripCodeFence(text), text);
});
