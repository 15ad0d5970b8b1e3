import { assertEquals, assertMatch } from "@std/assert";
import * as z from "zod";
import { numberOn } from "./answer_fields.ts";
import { said } from "../testing/evaluate.ts";
import { createQuestion, createQuestions } from "./question.ts";

const parts = {
  asked: { prompt: "?", instructions: "?", material: "{}" },
  answerSchema: z.object({ score: z.number() }),
  form: numberOn("score", { min: 1, max: 5 }),
  toVerdict: ({ score }: { score: number }) => ({
    score,
    explanation: `\0${"e".repeat(5000)}`,
  }),
};
const judge = { endpoint: "judge", parameters: {} };
const question = createQuestion({ judge, ...parts });

Deno.test("createQuestion() makes a vote fit for Postgres and bounds its length", () => {
  const { explanation } = question.read(said('{"score": 3}'));
  assertEquals(explanation!.length, 2000);
  assertEquals(explanation![0], "\ufffd");
});

Deno.test("createQuestion() says in the vote what the judge did not see", () => {
  const asked = { ...parts.asked, notice: "half of it" };
  const { explanation } = createQuestion({ judge, ...parts, asked })
    .read(said('{"score": 3}'));
  assertMatch(explanation!, /^\ufffde+… \(half of it\)$/);
});

Deno.test("createQuestion() quotes an answer of another form", () => {
  assertEquals(question.read(said('{"score": "three"}')), {
    error: 'Cannot score: the judge at "judge" did not answer in the form ' +
      "it was asked for: ✖ Invalid input: expected number, received string " +
      '→ at score; it said: {"score": "three"}',
  });
});

Deno.test("createQuestion() says what to do about an answer that was cut off", () => {
  const cut = { text: '{"reason": "It', finishReason: "length" as const };
  assertMatch(
    question.read(cut).error!,
    /it was cut off: raise maxTokens in parameters/,
  );
});

Deno.test("createQuestions() has the votes of several judges combined", () => {
  const combine = { by: "majority" as const };
  const [alone] = createQuestions({ judges: [judge], combine, ...parts });
  assertEquals(alone.combine, undefined);
  const asked = createQuestions({
    judges: [judge, { endpoint: "other", parameters: {} }],
    combine,
    ...parts,
  });
  assertEquals(
    asked.map(({ judge, combine }) => [judge.endpoint, combine]),
    [["judge", combine], ["other", combine]],
  );
});

Deno.test("createQuestion() asks an API of typed questions for the same", () => {
  const { typed } = question;
  assertEquals<unknown>(typed.toWire("rubric"), {
    type: "score",
    name: "rubric",
    instructions: "?",
    levels: ["1", "2", "3", "4", "5"].map((label) => ({ label })),
  });
  const answer = (score: number) =>
    JSON.stringify({
      answers: [{
        type: "score",
        name: "rubric",
        score,
        confidence: 1,
        probabilities: [{ value: 4, label: "5", probability: 1 }],
      }],
    });
  const place = { name: "rubric", place: 0 };
  const { score, probabilities } = typed.read(answer(4), place);
  assertEquals([score, probabilities], [5, { 5: 1 }]);
  assertMatch(typed.read(answer(7), place).error!, /not answer in the form/);
});
