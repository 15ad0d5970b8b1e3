import { deepEqual, equal, rejects } from "node:assert/strict";
import type { Evaluator } from "../evaluation/evaluator.ts";
import { aRow } from "../evaluation/testing/rows.ts";
import type { Task } from "../queue/task_queue.ts";
import {
  createEvaluateHandler,
  type EvaluateDependencies,
} from "./evaluate_responses.ts";
import { CallInterrupted } from "./judge_calls.ts";

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
  dependencies: Partial<EvaluateDependencies>,
  signal = new AbortController().signal,
) {
  const refuse = () => Promise.reject(new Error("nobody may be asked"));
  return createEvaluateHandler({
    evaluators: [constant],
    readRows: (ids) =>
      Promise.resolve(
        ids.map((id) => ({ ...aRow({ id }), promptKey: `${id}` })),
      ),
    judge: refuse,
    post: refuse,
    findResponse: refuse,
    ...dependencies,
  })(task, { signal, isSpent: () => false });
}

const constant: Evaluator = {
  name: "constant",
  evaluate: () => ({ evaluator: "constant", score: 1 }),
};

/** Passes on what the judge says, as evaluators do: an error becomes one of the score. */
const judged: Evaluator = {
  name: "judged",
  evaluate: async (row, context) => {
    try {
      await context.judge({ endpoint: "e", prompt: String(row.id) });
      return { evaluator: "judged", score: 1 };
    } catch (error) {
      return { evaluator: "judged", error: (error as Error).message };
    }
  },
};

Deno.test("createEvaluateHandler() gives a score per row and evaluator", async () => {
  const batched: Evaluator = {
    ...constant,
    name: "batched",
    evaluateBatch: (rows) =>
      Promise.resolve(rows.map(() => ({ evaluator: "batched", passed: true }))),
  };
  deepEqual(await evaluate({ evaluators: [constant, batched] }), {
    outcome: "succeeded",
    scores: [
      { evaluationId: 1, evaluator: "constant", score: 1 },
      { evaluationId: 2, evaluator: "constant", score: 1 },
      { evaluationId: 1, evaluator: "batched", passed: true },
      { evaluationId: 2, evaluator: "batched", passed: true },
    ],
  });
});

Deno.test("createEvaluateHandler() succeeds when its rows are gone", async () => {
  deepEqual(await evaluate({ readRows: () => Promise.resolve([]) }), {
    outcome: "succeeded",
    scores: [],
  });
});

Deno.test("createEvaluateHandler() keeps what is judged and leaves the rest", async () => {
  const outcome = await evaluate({
    evaluators: [constant, judged],
    judge: ({ prompt }) =>
      prompt === "1"
        ? Promise.resolve({
          ok: true,
          text: "",
          finishReason: "stop",
          durationMs: 1,
        })
        : Promise.reject(new CallInterrupted("the run is paused")),
  });
  deepEqual(outcome, {
    outcome: "succeeded",
    scores: [
      { evaluationId: 1, evaluator: "constant", score: 1 },
      { evaluationId: 1, evaluator: "judged", score: 1 },
    ],
    payload: { evaluationIds: [1] },
    enqueue: [{
      stage: "evaluate",
      key: "rest of 9",
      payload: { evaluationIds: [2] },
    }],
  });
});

Deno.test("createEvaluateHandler() gives the task back when nothing could be judged", async () => {
  const judge = () => Promise.reject(new CallInterrupted("the run is paused"));
  equal(await evaluate({ evaluators: [judged], judge }), null);
});

Deno.test("createEvaluateHandler() fails as a whole when the database does", async () => {
  const judge = () => Promise.reject(new Error("database is down"));
  await rejects(evaluate({ evaluators: [judged], judge }), {
    message: "database is down",
  });
});

Deno.test("createEvaluateHandler() stops the run for a judge that nobody may call", async () => {
  const refused: Evaluator = {
    name: "refused",
    evaluate: () => ({
      evaluator: "refused",
      error: "no",
      failure: { class: "stop", code: "unauthorized", message: "bad key" },
    }),
  };
  deepEqual(await evaluate({ evaluators: [refused] }), {
    outcome: "failed",
    error: {
      class: "stop",
      code: "unauthorized",
      message: "The judge cannot be called: bad key",
    },
  });
});

Deno.test("createEvaluateHandler() gives the task back when it was taken away", async () => {
  equal(await evaluate({}, AbortSignal.abort()), null);
});
