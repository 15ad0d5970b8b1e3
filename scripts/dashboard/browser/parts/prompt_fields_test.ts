import { assertEquals } from "@std/assert";
import { h } from "preact";
import { renderToStaticMarkup } from "preact-render-to-string";
import { readPrompts } from "../data/prompts.ts";
import { attempt } from "../data/written.ts";
import { ChosenPrompts } from "./prompt_fields.tsx";

Deno.test("ChosenPrompts() says why nothing is counted, also of a bound that has no field there", () => {
  const draw = (query: Record<string, string>) => {
    const { refusal } = attempt(() => readPrompts(query));
    return renderToStaticMarkup(h(ChosenPrompts, { refusal }));
  };
  for (const name of ["max_prompts", "sample"]) {
    const html = draw({ from: "table", table: "a", [name]: "5e" });
    assertEquals(html.split("is no number").length, 2, name);
  }
  assertEquals(draw({ max_prompts: "5" }).includes("problem"), false);
});
