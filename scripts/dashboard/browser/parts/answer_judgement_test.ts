import { assertEquals } from "@std/assert";
import { h } from "preact";
import { renderToStaticMarkup } from "preact-render-to-string";
import type { WholeAnswer } from "../data/whole_answer.ts";
import { Scores } from "./answer_judgement.tsx";

Deno.test("Scores() shows each vote of a judge, also one whose answer is empty", () => {
  const vote = { evaluator: "rubric", answer: "", explanation: null };
  const answer = {
    scores: [{ evaluator: "rubric", score: 0.5, explanation: null }],
    votes: [
      { ...vote, vote: 1, error: "The answer is empty" },
      { ...vote, vote: 2 },
    ],
    labels: [],
  } as unknown as WholeAnswer;
  const html = renderToStaticMarkup(h(Scores, { answer }));
  assertEquals(html.match(/Vote \d of the judge/g), [
    "Vote 1 of the judge",
    "Vote 2 of the judge",
  ]);
  assertEquals(html.includes("The answer is empty"), true);
});
