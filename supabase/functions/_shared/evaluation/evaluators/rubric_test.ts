import { assert, assertEquals, assertMatch } from "@std/assert";
import { evaluatorSchema } from "../evaluator_schema.ts";
import { problemsOf, questionsOf, said } from "../testing/evaluate.ts";

const config = { type: "rubric", rubric: "Is it polite?", endpoint: "judge" };

Deno.test("rubric asks one question", async () => {
  assertEquals((await questionsOf(config, {})).length, 1);
});

Deno.test("rubric moves the judge's score to 0 to 1 and keeps its reason", async () => {
  const [question] = await questionsOf(config, {});
  assertEquals(question.read(said('{"reason": "Friendly.", "score": 4}')), {
    score: 0.75,
    passed: true,
    explanation: "4 of 5: Friendly.",
  });
});

Deno.test("rubric passes from the pass mark on, on the judge's scale", async () => {
  const passes = async (judged: number, more = {}) => {
    const [question] = await questionsOf({ ...config, ...more }, {});
    return question.read(said(`{"score": ${judged}}`)).passed;
  };
  assertEquals(await passes(3), false);
  assertEquals(await passes(3, { passMark: 3 }), true);
  assertEquals(await passes(7, { scale: { min: 0, max: 10 } }), false);
  assertEquals(await passes(8, { scale: { min: 0, max: 10 } }), true);
});

Deno.test("rubric asks the endpoint, model and parameters of its configuration", async () => {
  const judgeOf = async (more = {}) => {
    const [{ judge }] = await questionsOf({ ...config, ...more }, {});
    return judge;
  };
  assertEquals([
    await judgeOf(),
    await judgeOf({ model: "j-2", parameters: { temperature: 0 } }),
  ], [
    { endpoint: "judge", model: undefined, parameters: {} },
    { endpoint: "judge", model: "j-2", parameters: { temperature: 0 } },
  ]);
});

Deno.test("rubric shows the judge rubric, scale, prompt, response and reference", async () => {
  const [{ prompt }] = await questionsOf(config, {
    prompt: "Say hello",
    response: "Hello!",
    reference: "Good day",
  });
  assertMatch(prompt, /from 1 \(worst\) to 5 \(best\)/);
  assertMatch(prompt, /\n\nIs it polite\?\n\n/);
  assert(prompt.includes(
    '{"prompt":"Say hello","reference":"Good day","response":"Hello!"}',
  ));
});

Deno.test("rubric does without a reference when there is none or it is not to be shown", async () => {
  const questions = [
    ...await questionsOf(config, { reference: null }),
    ...await questionsOf({ ...config, showReference: false }, {}),
  ];
  assertEquals(questions.length, 2);
  for (const { prompt } of questions) {
    assertEquals(prompt.includes("reference"), false);
  }
});

Deno.test("rubric gives an error when the judge's score is off the scale", async () => {
  const [question] = await questionsOf(config, {});
  const vote = question.read(said('{"score": 9}'));
  assertMatch(
    vote.error!,
    /^Cannot score: the judge at "judge" did not answer in the form/,
  );
  assertEquals(vote.score, undefined);
});

Deno.test("rubric refuses a pass mark off its scale and a crossed scale", () => {
  assertEquals(
    problemsOf(evaluatorSchema, { ...config, passMark: 6 }),
    "passMark: must be on the scale, from 1 to 5",
  );
  assertEquals(
    problemsOf(evaluatorSchema, { ...config, scale: { min: 5, max: 1 } }),
    "scale: must have min below max",
  );
});
