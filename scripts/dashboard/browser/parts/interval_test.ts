import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { h } from "preact";
import { renderToStaticMarkup } from "preact-render-to-string";
import { Interval } from "./interval.tsx";

/** Left and right end of the marks of a drawing, by their class. */
function drawnMarks(
  props: Parameters<typeof Interval>[0],
): Record<string, [number, number]> {
  const svg = renderToStaticMarkup(h(Interval, props));
  return Object.fromEntries(
    [...svg.matchAll(/<rect class="(\w+)" x="(.*?)"[^>]*? width="(.*?)"/g)].map(
      ([, kind, x, width]) => [kind, [+x, +x + +width]],
    ),
  );
}

Deno.test("Interval() draws mean and interval where they are on the scale", () => {
  assertEquals(drawnMarks({ mean: 0.5, low: 0.25, high: 0.75 }), {
    track: [0, 100],
    span: [25, 75],
    mean: [49, 51],
  });
  assertEquals(
    drawnMarks({ mean: -0.1, low: -0.2, high: 0, from: -0.2, to: 0.2 }),
    { track: [0, 100], zero: [50, 51], span: [0, 50], mean: [24, 26] },
  );
});

Deno.test("Interval() stays on its scale, with its mean inside, whatever it shows", () => {
  const value = fc.double({ min: -1e6, max: 1e6, noNaN: true });
  fc.assert(fc.property(value, value, value, value, value, (...values) => {
    const [low, mean, high] = values.slice(0, 3).sort((a, b) => a - b);
    const [from, to] = values.slice(3).sort((a, b) => a - b);
    const { span, mean: drawn } = drawnMarks({ mean, low, high, from, to });
    const middle = (drawn[0] + drawn[1]) / 2;
    assertEquals(middle >= 0 && middle <= 100, true);
    assertEquals(span[0] <= middle + 1e-6 && middle <= span[1] + 1e-6, true);
  }));
});

Deno.test("Interval() says what it shows, and that nothing is known", () => {
  const words = (props: Parameters<typeof Interval>[0]) =>
    /title="(.*?)"/.exec(renderToStaticMarkup(h(Interval, props)))?.[1];
  assertEquals(
    words({ mean: 0.5, low: 0.25, high: 0.75 }),
    "0.5, 95 % between 0.25 and 0.75",
  );
  assertEquals(words({ mean: 0.1, low: null, high: null, from: -1 }), "+0.1");
  assertEquals(
    renderToStaticMarkup(h(Interval, { mean: null, low: null, high: null })),
    '<span class="hint">–</span>',
  );
});
