import { assertEquals } from "@std/assert";
import { h } from "preact";
import { renderToStaticMarkup } from "preact-render-to-string";
import type { ShownResponse } from "../data/label_queue_answer.ts";
import { LabelItemTexts } from "./label_item.tsx";

function draw(responses: ShownResponse[]): string {
  const html = renderToStaticMarkup(h(LabelItemTexts, {
    item: {
      position: 1,
      id: 1,
      prompt: { system: null, turns: [], text: "Which year?" },
      reference: null,
      responses,
      label: null,
    },
    asMarkdown: false,
  }));
  return html.replaceAll(/<[^>]+>/g, " ").replaceAll(/\s+/g, " ").trim();
}

const answer = { response: "1970", tool_calls: null };

Deno.test("LabelItemTexts() shows of a blind queue the answer and nothing else", () => {
  assertEquals(draw([answer]), "Prompt Which year? Answer 1970");
});

Deno.test("LabelItemTexts() shows two answers in their order, and what is known of those that are not blind", () => {
  const known = {
    model: "large",
    experiment_name: "nightly",
    scores: { strict: { passed: false } },
    labels: [{
      name: "quality",
      person: "ada",
      passed: true,
      score: null,
      category: null,
      remark: "good",
      corrected_response: null,
    }],
  };
  assertEquals(
    draw([{ ...answer, response: "1971" }, { ...answer, ...known }]),
    "Prompt Which year? First 1971 Second 1970 large in nightly strict ✗ not passed quality ✓ passed by ada good",
  );
});
