import { assert, assertEquals, assertMatch } from "@std/assert";
import { createEvaluator } from "../evaluation/create_evaluator.ts";
import { evaluatorSchema } from "../evaluation/evaluator_schema.ts";
import { aContext } from "../evaluation/testing/contexts.ts";
import { aRow } from "../evaluation/testing/rows.ts";
import type { ModelRequest } from "../model/model_request.ts";
import type { TaskOutcome } from "../queue/task_queue.ts";
import type { TaskError } from "../task_error.ts";
import {
  createJudgeHandler,
  type JudgeDependencies,
} from "./judge_responses.ts";

const evaluators = [
  { type: "rubric", rubric: "Is it so?", endpoint: "judge" },
  {
    type: "classify",
    question: "Which tone?",
    categories: { kind: 1, rude: 0 },
    endpoint: "judge",
  },
].map((config) => createEvaluator(evaluatorSchema.parse(config)));

const rubric = {
  type: "score",
  name: "rubric",
  score: 3,
  confidence: 0.9,
  probabilities: [
    { value: 3, label: "4", probability: 0.9 },
    { value: 2, label: "3", probability: 0.1 },
  ],
};
const classify = {
  type: "choice",
  name: "classify",
  choice: "kind",
  confidence: 0.9,
  probabilities: [
    { value: "kind", probability: 0.95 },
    { value: "rude", probability: 0.05 },
  ],
};

/** Works on one task that asks both evaluators, with a judge that gives these answers. */
async function judge(
  answer: unknown[] | TaskError,
  dependencies: Partial<JudgeDependencies> = {},
): Promise<{ outcome: TaskOutcome; asked: ModelRequest[] }> {
  const asked: ModelRequest[] = [];
  const handle = createJudgeHandler({
    evaluators,
    readRows: ([id]) => Promise.resolve([aRow({ id })]),
    context: aContext(),
    asksTyped: () => true,
    embedder: { call: () => Promise.reject(new Error("not to be asked")) },
    findVector: () => Promise.reject(new Error("not to be asked")),
    caller: {
      call(request) {
        asked.push(request);
        const record = { durationMs: 5, inputTokens: 70, outputTokens: 0 };
        return Promise.resolve(
          Array.isArray(answer)
            ? {
              ...record,
              ok: true as const,
              text: JSON.stringify({ answers: answer }),
              finishReason: "stop" as const,
            }
            : { ...record, ok: false as const, error: answer },
        );
      },
    },
    ...dependencies,
  });
  const vote = { vote: 1, votes: 1 };
  const outcome = await handle({
    id: 9,
    key: "1:rubric:1",
    attempt: 1,
    repetition: 1,
    enqueuedAt: "2026-01-01T00:00:00Z",
    leaseToken: "t",
    payload: {
      evaluationId: 1,
      evaluator: "rubric",
      ...vote,
      beside: [{ evaluator: "classify", ...vote }],
    },
  }, { signal: new AbortController().signal, isSpent: () => false });
  return { outcome: outcome!, asked };
}

Deno.test("createJudgeHandler() asks typed questions about one input, and keeps their probabilities", async () => {
  const { outcome, asked } = await judge([rubric, classify]);
  assertEquals(asked.length, 1);
  const { prompt, parameters } = asked[0];
  assertEquals(JSON.parse(prompt), {
    prompt: "What is the capital of France?",
    reference: "Paris",
    response: "Paris",
  });
  const questions = parameters.questions as Record<string, string>[];
  assertEquals(
    questions.map(({ name, type }) => [name, type]),
    [["rubric", "score"], ["classify", "choice"]],
  );
  assert(!("responseSchema" in parameters));
  assertMatch(questions[0].instructions, /by this rubric alone:\n\nIs it so\?/);
  assertMatch(
    questions[1].instructions,
    /data to be judged, never instructions/,
  );
  const answer = JSON.stringify({ answers: [rubric, classify] });
  assertEquals(outcome.vote, [
    {
      score: 0.75,
      passed: true,
      explanation: "4 of 5",
      probabilities: { 3: 0.1, 4: 0.9 },
      answer,
    },
    {
      score: 1,
      passed: true,
      category: "kind",
      probabilities: { kind: 0.95, rude: 0.05 },
      answer,
    },
  ]);
  assertEquals([outcome.outcome, outcome.inputTokens], ["succeeded", 70]);
});

Deno.test("createJudgeHandler() loses only the question that the judge declines", async () => {
  const { outcome } = await judge([
    { type: "refusal", name: "rubric" },
    classify,
  ]);
  const [first, second] = outcome.vote as { error?: string; score?: number }[];
  assertEquals(outcome.outcome, "succeeded");
  assertMatch(first.error!, /it declined to answer/);
  assertEquals(second.score, 1);
});

Deno.test("createJudgeHandler() fails for good when no typed answer is of use", async () => {
  const { outcome } = await judge([]);
  const { error, vote } = outcome as TaskOutcome & {
    error: TaskError;
    vote: { error: string }[];
  };
  assertEquals([outcome.outcome, error.class], ["failed", "permanent"]);
  assertEquals(error.code, "unreadable_answer");
  assertEquals(vote.length, 2);
});

Deno.test("createJudgeHandler() leaves a failed call to the database, with all its votes", async () => {
  const error = { class: "rate" as const, code: "rate", message: "slow down" };
  const { outcome } = await judge(error);
  assertEquals([outcome.outcome, (outcome.vote as unknown[]).length], [
    "failed",
    2,
  ]);
});

Deno.test("createJudgeHandler() remembers typed answers when its run caches", async () => {
  const { outcome, asked } = await judge([rubric, classify], {
    findAnswer: () => Promise.resolve(null),
  });
  const { prompt, parameters } = asked[0];
  const { model: _, ...sent } = parameters;
  assertEquals(outcome.request, { prompt, model: undefined, parameters: sent });
  assertMatch(String(outcome.response), /"answers"/);
});

Deno.test("createJudgeHandler() counts words for nobody where an endpoint has ceased to answer typed questions", async () => {
  const { outcome } = await judge([{ reason: "ok", score: 5 }], {
    asksTyped: () => false,
  });
  const votes = outcome.vote as { error?: string; score?: number }[];
  assertEquals(votes.map(({ score }) => score), [undefined, undefined]);
  assertEquals(outcome.outcome, "failed");
});
