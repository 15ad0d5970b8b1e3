import { assertEquals } from "@std/assert";
import { h } from "preact";
import { renderToStaticMarkup } from "preact-render-to-string";
import { Confusion } from "./confusion.tsx";

const cellsOf = (confusion: Parameters<typeof Confusion>[0]["confusion"]) => {
  const html = renderToStaticMarkup(h(Confusion, { confusion }));
  return [/<caption[^>]*>([^<]*)/, /<td class[^>]*>([^<]*)/g]
    .flatMap((part) => [...html.matchAll(new RegExp(part, "g"))])
    .map(([, text]) => text);
};

Deno.test("Confusion() counts answers, or of those that the verdict chose tells their shares of all", () => {
  const counts = {
    both_pass: 40,
    only_people: 5,
    only_judge: 7.5,
    both_fail: 27.5,
    is_weighted: false,
    judged_rate: null,
  };
  assertEquals(cellsOf(counts), ["Answers", "40", "5", "7.5", "27.5"]);
  assertEquals(
    cellsOf({
      both_pass: 0.583,
      only_people: 0.047,
      only_judge: 0.117,
      both_fail: 0.253,
      is_weighted: true,
      judged_rate: 0.7,
    }),
    [
      "Shares of all answers, of which the judge passes 70 %",
      "58.3 %",
      "4.7 %",
      "11.7 %",
      "25.3 %",
    ],
  );
});
