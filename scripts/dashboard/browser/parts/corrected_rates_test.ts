import { assertMatch } from "@std/assert";
import { h } from "preact";
import { renderToStaticMarkup } from "preact-render-to-string";
import { RateWords } from "./corrected_rates.tsx";

const rate = {
  model: null,
  pass_rate: 0.7,
  corrected_rate: 0.6625,
  corrected_low: 0.5695,
  corrected_high: 0.7555,
  labelled: 80,
  uncorrected_because: null,
};

Deno.test("RateWords() tells the rate of the judge, the corrected one and its interval, or why there is none", () => {
  const draw = (change = {}) =>
    renderToStaticMarkup(h(RateWords, { rate: { ...rate, ...change } }));
  assertMatch(
    draw(),
    /passes 70 %. By 80 labelled answers it is <b>66.3 %<\/b>.*between 57 % and 75.6 %/,
  );
  assertMatch(
    draw({ corrected_rate: null, uncorrected_because: "too few labels: 8" }),
    /not corrected: .*too few labels: 8/,
  );
});
