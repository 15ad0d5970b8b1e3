import { assert, assertEquals } from "@std/assert";
import { drawPairs } from "./pairs_table.ts";

const pair = {
  prompt: "Which opening should a beginner learn?",
  response: "The Italian Game",
  duration: 412,
  tokens: 31,
};

Deno.test("drawPairs() draws a row per pair", () => {
  assertEquals(
    drawPairs([pair, { ...pair, prompt: "And why?", tokens: null }], 70),
    `
┌─────────────────────────┬────────────────────────┬────────┬────────┐
│ prompt                  │ response               │     ms │ tokens │
├─────────────────────────┼────────────────────────┼────────┼────────┤
│ Which opening should a  │ The Italian Game       │    412 │     31 │
│ beginner learn?         │                        │        │        │
├─────────────────────────┼────────────────────────┼────────┼────────┤
│ And why?                │ The Italian Game       │    412 │        │
└─────────────────────────┴────────────────────────┴────────┴────────┘`
      .trim(),
  );
});

Deno.test("drawPairs() stays within the window and within three lines", () => {
  const prompt = "many words and line\nbreaks in a long prompt ".repeat(50);
  const lines = drawPairs([{ ...pair, prompt }], 90).split("\n");
  assertEquals([...new Set(lines.map((line) => line.length))], [90]);
  assert(lines.length <= 7, `${lines.length} lines`);
  assert(lines.at(-2)!.includes("…") || lines.at(-3)!.includes("…"));
});

Deno.test("drawPairs() cuts a text without spaces", () => {
  const lines = drawPairs([{ ...pair, prompt: "x".repeat(500) }], 80)
    .split("\n");
  assertEquals([...new Set(lines.map((line) => line.length))], [80]);
});
