import { assertEquals, assertMatch } from "@std/assert";
import { h } from "preact";
import { renderToStaticMarkup } from "preact-render-to-string";
import { scaleOf, WindowChart, type WindowMark } from "./window_chart.tsx";

const window = (changes: Partial<WindowMark>): WindowMark => ({
  key: 1,
  at: 0,
  turns: 200,
  mean: 0.8,
  low: 0.75,
  high: 0.85,
  bandLow: 0.7,
  bandHigh: 0.9,
  isAlarm: false,
  href: "#/runs/7/answers",
  ...changes,
});

function draw(windows: WindowMark[], baseline: number | null = 0.8): string {
  return renderToStaticMarkup(
    h(WindowChart, { title: "rouge-l", windows, baseline }),
  );
}

Deno.test("scaleOf() holds means, intervals, the band and the baseline", () => {
  assertEquals(
    scaleOf([window({ low: 0.6 }), window({ mean: null, low: 0 })], 0.95),
    { least: 0.6, most: 0.95 },
  );
  assertEquals(scaleOf([], 0.8), undefined);
  assertEquals(scaleOf([window({ mean: null })], 0.8), undefined);
});

Deno.test("WindowChart() draws nothing for a window without a score, and joins no two", () => {
  const drawn = draw([window({}), window({ mean: null }), window({ at: 9 })]);
  assertEquals(drawn.match(/<circle/g)?.length, 2);
  assertEquals(drawn.includes("polyline"), false);
});

Deno.test("WindowChart() tells an alarm by shape and word, not by colour alone", () => {
  const drawn = draw([window({}), window({ at: 9, isAlarm: true })]);
  assertMatch(drawn, /1 with an alarm, drawn as a square/);
  assertMatch(
    drawn,
    /aria-label="Alarm: 0.8, 95 % between 0.75 and 0.85, 200 turns/,
  );
  assertEquals(drawn.match(/<rect/g)?.length, 1);
});

Deno.test("WindowChart() draws one window, without a band, and scores that are all alike, too", () => {
  const alike = window({
    low: 0.8,
    high: 0.8,
    bandLow: null,
    bandHigh: null,
  });
  assertEquals(draw([alike]).includes("NaN"), false);
  const drawn = draw([window({ bandLow: null, bandHigh: null })], null);
  assertEquals(drawn.includes("NaN"), false);
  assertEquals(drawn.includes("polygon"), false);
  assertMatch(draw([]), /No window has a score yet/);
});
