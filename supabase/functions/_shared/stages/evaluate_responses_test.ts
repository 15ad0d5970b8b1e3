import { assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { PipelineError } from "../errors.ts";
import { createEvaluator } from "../evaluation/create_evaluator.ts";
import type { Evaluator } from "../evaluation/evaluator.ts";
import { evaluatorSchema } from "../evaluation/evaluator_schema.ts";
import { aContext } from "../evaluation/testing/contexts.ts";
import { aFailedRow, aRow } from "../evaluation/testing/rows.ts";
import type { Task } from "../queue/task_queue.ts";
import { createEvaluateHandler } from "./evaluate_responses.ts";
import type { JudgePayload } from "./judge_task.ts";
import type { Evaluation } from "./with_evaluators.ts";

const task: Task = {
  id: 9,
  key: "k",
  attempt: 1,
  repetition: 1,
  enqueuedAt: "2026-01-01T00:00:00Z",
  leaseToken: "t",
  payload: { evaluationIds: [1, 2] },
};

function evaluate(
  dependencies: Partial<Evaluation>,
  signal = new AbortController().signal,
  now = () => 0,
  isSpent = false,
) {
  return createEvaluateHandler({
    evaluators: [constant],
    readRows: (ids) => Promise.resolve(ids.map((id) => aRow({ id }))),
    context: aContext(),
    asksTyped: () => false,
    ...dependencies,
  }, { now, onSpent: () => {} })(task, { signal, isSpent: () => isSpent });
}

const constant: Evaluator = {
  name: "constant",
  evaluate: () => ({ evaluator: "constant", score: 1 }),
};

const pairwise = createEvaluator(
  evaluatorSchema.parse({
    type: "pairwise",
    name: "better",
    endpoint: "judge",
    against: { experiment: "baseline" },
  }),
);

Deno.test("createEvaluateHandler() gives a score per row and evaluator, and leaves webhooks alone", async () => {
  const other = { ...constant, name: "other" };
  const batched: Evaluator = {
    ...constant,
    evaluateBatch: () => Promise.reject(new Error("is a stage of its own")),
  };
  assertEquals(await evaluate({ evaluators: [constant, other, batched] }), {
    outcome: "succeeded",
    scores: [1, 1, 2, 2].map((evaluationId) => ({
      evaluationId,
      evaluator: "constant",
      score: 1,
    })),
    enqueue: [],
    payload: undefined,
  });
});

Deno.test("createEvaluateHandler() reads no rows where other stages make all scores", async () => {
  const batched: Evaluator = {
    ...constant,
    evaluateBatch: () => Promise.reject(new Error("is a stage of its own")),
  };
  const outcome = await evaluate({
    evaluators: [batched],
    readRows: () => Promise.reject(new Error("nobody needs them")),
  });
  assertEquals(outcome, {
    outcome: "succeeded",
    scores: [],
    enqueue: [],
    payload: undefined,
  });
});

Deno.test("createEvaluateHandler() stores what it had time for, and leaves the rest as a task", async () => {
  let time = 0;
  const slow: Evaluator = {
    name: "slow",
    evaluate: () => {
      time += 300;
      return { evaluator: "slow", score: 1 };
    },
  };
  const outcome = await evaluate(
    { evaluators: [slow] },
    undefined,
    () => time,
  ) as Record<string, unknown>;
  assertEquals(outcome.scores, [{
    evaluationId: 1,
    evaluator: "slow",
    score: 1,
  }]);
  assertEquals(outcome.payload, { evaluationIds: [1] });
  const [{ stage, payload }] = outcome.enqueue as Record<string, unknown>[];
  assertEquals({ stage, payload }, {
    stage: "evaluate",
    payload: { evaluationIds: [2] },
  });
});

Deno.test("createEvaluateHandler() goes on for a moment when its worker is spent, not for long", async () => {
  let time = 0;
  const quick: Evaluator = {
    ...constant,
    evaluate: () => {
      time += 10;
      return { evaluator: "quick", score: 1 };
    },
  };
  const readRows = () =>
    Promise.resolve([1, 2, 3, 4, 5].map((id) => aRow({ id })));
  const outcome = await evaluate(
    { evaluators: [quick], readRows },
    undefined,
    () => time,
    true,
  ) as unknown as { scores: unknown[] };
  assertStrictEquals(outcome.scores.length, 3);
});

Deno.test("createEvaluateHandler() gives an error for evaluators that a row has no time for", async () => {
  let time = 0;
  const hog: Evaluator = {
    name: "hog",
    evaluate: () => {
      time += 1_500;
      return { evaluator: "hog", score: 1 };
    },
  };
  const outcome = await evaluate(
    {
      evaluators: [hog, constant],
      readRows: () => Promise.resolve([aRow({ id: 1 })]),
    },
    undefined,
    () => time,
  ) as unknown;
  assertEquals((outcome as Record<string, unknown[]>).scores[1], {
    evaluationId: 1,
    evaluator: "constant",
    error:
      "Cannot score: the evaluators before it took 1500 ms for this row, more than 1000",
  });
});

Deno.test("createEvaluateHandler() succeeds when its rows are gone", async () => {
  assertEquals(await evaluate({ readRows: () => Promise.resolve([]) }), {
    outcome: "succeeded",
    scores: [],
    enqueue: [],
    payload: undefined,
  });
});

Deno.test("createEvaluateHandler() leaves each question to a judge as a task, and scores the rest", async () => {
  const outcome = await evaluate({
    evaluators: [constant, pairwise],
    readRows: () =>
      Promise.resolve([
        aRow({ id: 1, promptKey: "k1" }),
        { ...aFailedRow("timeout"), id: 2 },
        aRow({ id: 3, response: "same", promptKey: "k3" }),
      ]),
    context: aContext({
      responseIn: (_, { promptKey }) =>
        Promise.resolve(promptKey === "k1" ? "Rome" : "same"),
    }),
  });
  const { enqueue, ...scored } = outcome!;
  assertEquals(scored, {
    outcome: "succeeded",
    payload: undefined,
    scores: [
      { evaluationId: 1, evaluator: "constant", score: 1 },
      { evaluationId: 2, evaluator: "constant", score: 1 },
      {
        evaluationId: 2,
        evaluator: "better",
        error:
          "Cannot score: the row has no response, because its prompt failed",
      },
      { evaluationId: 3, evaluator: "constant", score: 1 },
      {
        evaluationId: 3,
        evaluator: "better",
        score: 0.5,
        passed: true,
        category: "tie",
        explanation: "equal",
      },
    ],
  });
  const [{ prompt, responseSchema }] = await pairwise.evaluate(
    aRow(),
    aContext({ responseIn: () => Promise.resolve("Rome") }),
  ) as { prompt: string; responseSchema: unknown }[];
  const sent = prompt + JSON.stringify(responseSchema);
  assertEquals(
    enqueue,
    [1, 2].map((vote) => ({
      stage: "judge",
      endpoint: "judge",
      key: `1:better:${vote}`,
      tokens: Math.ceil(sent.length / 4),
      payload: {
        evaluationId: 1,
        evaluator: "better",
        vote,
        votes: 2,
        parameters: {},
        combine: { by: "pair" },
      },
    })),
  );
});

Deno.test("createEvaluateHandler() asks an API of typed questions all that is about the same at once", async () => {
  const ask = (config: object) =>
    createEvaluator(evaluatorSchema.parse({ endpoint: "typed", ...config }));
  const evaluators = [
    ask({ type: "rubric", rubric: "Is it so?" }),
    ask({ type: "rubric", rubric: "Is it polite?", name: "polite", not: true }),
    ask({ type: "refusal" }),
    ask({ type: "rubric", rubric: "Is it so?", name: "other", model: "m-2" }),
    ask({
      type: "rubric",
      rubric: "Is it so?",
      name: "twice",
      endpoint: undefined,
      panel: [{ endpoint: "typed" }, { endpoint: "typed" }],
    }),
  ];
  const tasks = async (asksTyped: boolean) => {
    const outcome = await evaluate({
      evaluators,
      readRows: () => Promise.resolve([aRow()]),
      asksTyped: (endpoint) => asksTyped && endpoint === "typed",
    });
    return outcome!.enqueue as { key: string; payload: JudgePayload }[];
  };
  assertEquals((await tasks(false)).length, 6);
  assertEquals(
    (await tasks(true)).map(({ key, payload }) => [
      key,
      payload.beside?.map(({ evaluator, vote }) => `${evaluator}:${vote}`),
    ]),
    [
      // The refusal is asked without the reference, and so is about something else.
      ["1:rubric:1", ["polite:1", "twice:1"]],
      ["1:refusal:1", undefined],
      ["1:other:1", undefined],
      ["1:twice:2", undefined],
    ],
  );
  const [{ payload: { beside } }] = await tasks(true);
  assertEquals(beside![0], {
    evaluator: "polite",
    vote: 1,
    votes: 1,
    not: true,
  });
});

Deno.test("createEvaluateHandler() fails as a whole when the database does", async () => {
  const down = new PipelineError("unavailable", "database is down");
  const context = aContext({ responseIn: () => Promise.reject(down) });
  assertStrictEquals(
    await assertRejects(
      () => evaluate({ evaluators: [constant, pairwise], context }),
      PipelineError,
    ),
    down,
  );
});

Deno.test("createEvaluateHandler() gives the task back when it was taken away", async () => {
  assertEquals(await evaluate({}, AbortSignal.abort()), null);
});
