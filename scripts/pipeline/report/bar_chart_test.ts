import { assert, assertEquals, assertMatch } from "@std/assert";
import { drawBarChart } from "./bar_chart.ts";

Deno.test("drawBarChart() draws a bar per value and escapes labels", () => {
  const svg = drawBarChart('a "title"', [
    { label: "<script>", value: 0.5, low: 0.4, high: 0.6 },
    { label: "b", value: 2 },
  ]);
  assertEquals(svg.match(/<rect /g)!.length, 2);
  assertEquals(svg.match(/<line /g)!.length, 1);
  assert(!svg.includes("<script>"));
  assert(!svg.includes("\n"));
  assertMatch(svg, /width="150" height="14"/);
  assertMatch(svg, /width="300" height="14"/);
});
