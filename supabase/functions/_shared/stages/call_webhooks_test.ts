import { assertEquals } from "@std/assert";
import type { Evaluator } from "../evaluation/evaluator.ts";
import { aContext } from "../evaluation/testing/contexts.ts";
import { aRow } from "../evaluation/testing/rows.ts";
import type { Task } from "../queue/task_queue.ts";
import { createWebhookHandler } from "./call_webhooks.ts";

const task: Task = {
  id: 9,
  key: "k",
  attempt: 1,
  repetition: 1,
  enqueuedAt: "2026-01-01T00:00:00Z",
  leaseToken: "t",
  payload: { evaluator: "own", host: "example.com", ids: [1, 2] },
};

function createFake(name: string, calls: string[]): Evaluator {
  return {
    name,
    evaluate: () => ({ evaluator: name }),
    evaluateBatch(rows) {
      calls.push(`${name} ${rows.length}`);
      return Promise.resolve(
        rows.map(() => ({ evaluator: name, passed: true })),
      );
    },
  };
}

function call(evaluators: Evaluator[], signal = new AbortController().signal) {
  return createWebhookHandler({
    evaluators,
    readRows: (ids) => Promise.resolve(ids.map((id) => aRow({ id }))),
    context: aContext(),
  })(task, { signal, isSpent: () => false });
}

Deno.test("createWebhookHandler() makes one request, of the evaluator that the task names", async () => {
  const calls: string[] = [];
  const evaluators = ["other", "own"].map((name) => createFake(name, calls));
  assertEquals(await call(evaluators), {
    outcome: "succeeded",
    scores: [
      { evaluationId: 1, evaluator: "own", passed: true },
      { evaluationId: 2, evaluator: "own", passed: true },
    ],
  });
  assertEquals(calls, ["own 2"]);
});

Deno.test("createWebhookHandler() gives the task back when it was taken away", async () => {
  assertEquals(
    await call([createFake("own", [])], AbortSignal.abort()),
    null,
  );
});
