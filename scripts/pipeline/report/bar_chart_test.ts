import { equal, match, ok } from "node:assert/strict";
import { drawBarChart } from "./bar_chart.ts";

Deno.test("drawBarChart() draws a bar per value and escapes labels", () => {
  const svg = drawBarChart('a "title"', [
    { label: "<script>", value: 0.5, low: 0.4, high: 0.6 },
    { label: "b", value: 2 },
  ]);
  equal(svg.match(/<rect /g)!.length, 2);
  equal(svg.match(/<line /g)!.length, 1);
  ok(!svg.includes("<script>"));
  ok(!svg.includes("\n"));
  match(svg, /width="150" height="14"/);
  match(svg, /width="300" height="14"/);
});
