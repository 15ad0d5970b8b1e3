import { deepEqual, equal, match, ok } from "node:assert/strict";
import { evaluatorSchema } from "../evaluator_schema.ts";
import { aJudge } from "../testing/contexts.ts";
import { evaluate, problemsOf } from "../testing/evaluate.ts";

const config = { type: "rubric", rubric: "Is it polite?", endpoint: "judge" };

Deno.test("rubric moves the judge's score to 0 to 1 and keeps its reason", async () => {
  const { context } = aJudge('{"reason": "Friendly.", "score": 4}');
  deepEqual(await evaluate(config, {}, context), {
    evaluator: "rubric",
    score: 0.75,
    passed: true,
    explanation: "4 of 5: Friendly.",
  });
});

Deno.test("rubric passes from the pass mark on, on the judge's scale", async () => {
  const passes = async (judged: number, more = {}) =>
    (await evaluate(
      { ...config, ...more },
      {},
      aJudge(`{"score": ${judged}}`).context,
    )).passed;
  equal(await passes(3), false);
  equal(await passes(3, { passMark: 3 }), true);
  equal(await passes(7, { scale: { min: 0, max: 10 } }), false);
  equal(await passes(8, { scale: { min: 0, max: 10 } }), true);
});

Deno.test("rubric asks the endpoint, model and parameters of its configuration", async () => {
  const { context, requests } = aJudge('{"score": 1}', '{"score": 1}');
  await evaluate(config, {}, context);
  await evaluate({ ...config, model: "j-2", parameters: {} }, {}, context);
  deepEqual(
    requests.map(({ prompt: _, ...rest }) => rest),
    [
      { endpoint: "judge", model: undefined, parameters: { temperature: 0 } },
      { endpoint: "judge", model: "j-2", parameters: {} },
    ],
  );
});

Deno.test("rubric shows the judge rubric, scale, prompt, response and reference", async () => {
  const { context, requests } = aJudge('{"score": 1}');
  await evaluate(config, {
    prompt: "Say hello",
    response: "Hello!",
    reference: "Good day",
  }, context);
  const { prompt } = requests[0];
  match(prompt, /from 1 \(worst\) to 5 \(best\)/);
  match(prompt, /\n\nIs it polite\?\n\n/);
  ok(prompt.includes(
    '{"prompt":"Say hello","reference":"Good day","response":"Hello!"}',
  ));
});

Deno.test("rubric does without a reference when there is none or it is not to be shown", async () => {
  const { context, requests } = aJudge('{"score": 1}', '{"score": 1}');
  await evaluate(config, { reference: null }, context);
  await evaluate({ ...config, showReference: false }, {}, context);
  for (const { prompt } of requests) {
    equal(prompt.includes("reference"), false);
  }
});

Deno.test("rubric gives an error when the judge's score is off the scale", async () => {
  const { context } = aJudge('{"score": 9}');
  const score = await evaluate(config, {}, context);
  match(
    score.error!,
    /^Cannot score: the judge at "judge" did not answer in the form/,
  );
  equal(score.score, undefined);
});

Deno.test("rubric gives an error with the failure when the judge's call fails", async () => {
  const failure = {
    class: "rate" as const,
    code: "rate_limited",
    message: 'Endpoint "judge" answered HTTP 429',
    retryAfterMs: 1000,
  };
  deepEqual(await evaluate(config, {}, aJudge(failure).context), {
    evaluator: "rubric",
    error: 'Cannot score: the judge failed: Endpoint "judge" answered HTTP 429',
    failure,
  });
});

Deno.test("rubric refuses a pass mark off its scale and a crossed scale", () => {
  equal(
    problemsOf(evaluatorSchema, { ...config, passMark: 6 }),
    "passMark: must be on the scale, from 1 to 5",
  );
  equal(
    problemsOf(evaluatorSchema, { ...config, scale: { min: 5, max: 1 } }),
    "scale: must have min below max",
  );
});
