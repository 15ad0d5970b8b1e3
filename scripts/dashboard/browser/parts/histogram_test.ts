import { assertEquals } from "@std/assert";
import { h } from "preact";
import { renderToStaticMarkup } from "preact-render-to-string";
import type { Distribution } from "../data/answers.ts";
import { Histogram } from "./histogram.tsx";

/** What the bars of a drawing are: `class x y width height`. */
function drawnBars(distribution: Partial<Distribution>): string[] {
  const svg = renderToStaticMarkup(h(Histogram, {
    distribution: {
      counted: 0,
      sampled: false,
      bins: [],
      ...distribution,
    } as Distribution,
  }));
  return [...svg.matchAll(/<rect class="(rest|good)" ([^>]*)>/g)].map((
    [, kind, marks],
  ) => `${kind} ${[...marks.matchAll(/"(.*?)"/g)].map(([, value]) => value)}`);
}

Deno.test("Histogram() draws bars as high as they count, the lower part for what passed", () => {
  assertEquals(
    drawnBars({
      bins: [
        { low: 0, high: 0.5, count: 10, passed: 5 },
        { low: 0.5, high: 1, count: 5, passed: null },
      ],
    }),
    [
      "rest 0.5,2,9,24",
      "good 0.5,26,9,24",
      "rest 10.5,26,9,24",
      "good 10.5,50,9,0",
    ],
  );
});

Deno.test("Histogram() of nothing draws nothing that is not a number", () => {
  assertEquals(drawnBars({ bins: [] }), []);
  assertEquals(
    drawnBars({ bins: [{ low: 1, high: 1, count: 0, passed: 0 }] }),
    ["rest 0.5,50,9,0", "good 0.5,50,9,0"],
  );
});

Deno.test("Histogram() leads from a bar to the answers behind it, and from none to nothing", () => {
  const svg = renderToStaticMarkup(h(Histogram, {
    distribution: {
      counted: 10,
      sampled: true,
      looked_at: 5_000,
      bins: [
        { low: 0, high: 0.5, count: 10, passed: 5 },
        { low: 0.5, high: 1, count: 0, passed: 0 },
      ],
    } as Distribution,
    toHref: ({ low, high }) => `#${low}-${high}`,
  }));
  assertEquals(svg.match(/<a href="(.*?)" aria-label="(.*?)"/)?.slice(1), [
    "#0-0.5",
    "0 to 0.5: 10",
  ]);
  assertEquals(svg.split("<a ").length, 2);
  assertEquals(svg.includes("a sample of 5,000 answers"), true);
});
