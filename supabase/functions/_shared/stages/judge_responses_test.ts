import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStrictEquals,
} from "@std/assert";
import { PipelineError } from "../errors.ts";
import { createEvaluator } from "../evaluation/create_evaluator.ts";
import { evaluatorSchema } from "../evaluation/evaluator_schema.ts";
import { aContext } from "../evaluation/testing/contexts.ts";
import { aFailedRow, aRow } from "../evaluation/testing/rows.ts";
import type { ModelRequest } from "../model/model_request.ts";
import type { ModelResult } from "../model/model_result.ts";
import type { TaskOutcome } from "../queue/task_queue.ts";
import type { TaskError } from "../task_error.ts";
import {
  createJudgeHandler,
  type JudgeDependencies,
} from "./judge_responses.ts";
import type { JudgePayload } from "./judge_task.ts";

/** Nobody is asked for embeddings here, or typed questions. */
const inWords = {
  asksTyped: () => false,
  embedder: { call: () => Promise.reject(new Error("not to be asked")) },
  findVector: () => Promise.reject(new Error("not to be asked")),
};

const evaluators = [
  { type: "rubric", rubric: "Is it so?", endpoint: "judge", model: "j-2" },
  { type: "pairwise", endpoint: "judge", against: { experiment: "baseline" } },
].map((config) => createEvaluator(evaluatorSchema.parse(config)));

const signal = new AbortController().signal;

const responseSchema = {
  type: "object",
  properties: { reason: { type: "string" }, score: { type: "number" } },
  required: ["reason", "score"],
  additionalProperties: false,
};

/** Works on one task with a judge that gives this answer, and what the judge was asked. */
async function judge(
  answer: string | TaskError,
  payload: Partial<JudgePayload> = {},
  dependencies: Partial<JudgeDependencies> = {},
): Promise<{ outcome: TaskOutcome; asked: ModelRequest[] }> {
  const asked: ModelRequest[] = [];
  const handle = createJudgeHandler({
    ...inWords,
    evaluators,
    readRows: ([id]) => Promise.resolve([aRow({ id })]),
    context: aContext({ responseIn: () => Promise.resolve("Rome") }),
    caller: {
      call(request) {
        asked.push(request);
        return Promise.resolve(toResult(answer));
      },
    },
    ...dependencies,
  });
  const outcome = await handle({
    id: 9,
    key: "1:rubric:1",
    attempt: 1,
    repetition: 3,
    enqueuedAt: "2026-01-01T00:00:00Z",
    leaseToken: "t",
    payload: {
      evaluationId: 1,
      evaluator: "rubric",
      vote: 1,
      votes: 1,
      ...payload,
    },
  }, { signal, isSpent: () => false });
  return { outcome: outcome!, asked };
}

const facts = { model: "j-2-mini", inputTokens: 70, outputTokens: 3 };

function toResult(answer: string | TaskError): ModelResult {
  const record = {
    ...facts,
    durationMs: 5.4,
    limits: { requests: { limit: 10, remaining: 0, resetMs: 1000 } },
  };
  return typeof answer === "string"
    ? { ...record, ok: true, text: answer, finishReason: "stop" }
    : { ...record, ok: false, error: answer };
}

Deno.test("createJudgeHandler() makes one call and gives its vote, what it cost and the raw answer", async () => {
  const text = '```json\n{"reason": "Yes.", "score": 4}\n```';
  const { outcome, asked } = await judge(text);
  assertEquals(outcome, {
    outcome: "succeeded",
    vote: {
      score: 0.75,
      passed: true,
      explanation: "4 of 5: Yes.",
      answer: text,
    },
    ...facts,
    durationMs: 5,
    pauseMs: 100,
    finishReason: "stop",
    response: text,
    request: undefined,
  });
  const [{ prompt, ...rest }] = asked;
  assertEquals(asked.length, 1);
  assert(prompt.includes('"response":"Paris"'));
  assertEquals(rest, { parameters: { responseSchema, model: "j-2" }, signal });
});

Deno.test("createJudgeHandler() asks the question of its vote and turns the answer round", async () => {
  const answer = '{"reason": "Because.", "winner": "second"}';
  const pair = { evaluator: "pairwise", votes: 2 };
  const first = await judge(answer, { ...pair, vote: 1 });
  assert(first.asked[0].prompt.includes('"first":"Paris","second":"Rome"'));
  assertEquals(first.outcome.vote, {
    score: 0,
    passed: false,
    category: "loss",
    explanation: "loss as the first: Because.",
    answer,
  });
  const second = await judge(answer, { ...pair, vote: 2 });
  assertEquals(second.asked.length, 1);
  assert(second.asked[0].prompt.includes('"first":"Rome","second":"Paris"'));
  assertEquals(second.outcome.vote, {
    score: 1,
    passed: true,
    category: "win",
    explanation: "win as the second: Because.",
    answer,
  });
});

Deno.test("createJudgeHandler() asks once and leaves a failure to the database, by its class", async () => {
  for (
    const [errorClass, message] of [
      ["rate", "Cannot score: the judge failed: it said no"],
      ["transient", "Cannot score: the judge failed: it said no"],
      ["permanent", "Cannot score: the judge failed: it said no"],
      ["stop", "The judge cannot be called: it said no"],
    ] as const
  ) {
    const error = {
      code: "a_code",
      advice: "Ask another",
      status: 400,
      retryAfterMs: 1000,
    };
    const { outcome, asked } = await judge({
      ...error,
      class: errorClass,
      message: "it said no",
    });
    assertEquals(asked.length, 1);
    assertEquals(outcome, {
      outcome: "failed",
      error: { ...error, class: errorClass, message },
      ...facts,
      durationMs: 5,
      pauseMs: 100,
    });
  }
});

Deno.test("createJudgeHandler() keeps text and tokens of an answer that cannot be read", async () => {
  const { outcome } = await judge(
    "I'd rather not say.",
    { again: true },
    { findAnswer: () => Promise.resolve(null) },
  );
  const { error, ...rest } = outcome as TaskOutcome & { outcome: "failed" };
  assertEquals(rest, {
    outcome: "failed",
    vote: { answer: "I'd rather not say." },
    ...facts,
    durationMs: 5,
    pauseMs: 100,
  });
  assertEquals(error.class, "permanent");
  assertEquals(error.code, "unreadable_answer");
  assertMatch(
    error.message,
    /did not answer in the form .* I'd rather not say\.$/,
  );
});

Deno.test("createJudgeHandler() asks once more, in words alone, when an answer cannot be read", async () => {
  const { outcome } = await judge("I'd rather not say.");
  const { vote, enqueue, ...rest } = outcome as TaskOutcome & {
    vote: Record<string, unknown>;
    enqueue: { key: string; payload: JudgePayload }[];
  };
  assertEquals<unknown>(rest, {
    outcome: "succeeded",
    ...facts,
    durationMs: 5,
    pauseMs: 100,
  });
  assertEquals([vote.answer, vote.isAskedAgain], ["I'd rather not say.", true]);
  assertMatch(String(vote.error), /did not answer in the form/);
  const [{ key, payload }] = enqueue;
  assertEquals([key, payload.again], ["1:rubric:1:again", true]);
  const { asked } = await judge('{"score": 4}', payload);
  assertEquals(asked[0].parameters, { model: "j-2" });
  assertMatch(asked[0].prompt, /an answer in another form could not be read/);
});

Deno.test("createJudgeHandler() leaves the schema out once the endpoint has refused one", async () => {
  const answers: (string | TaskError)[] = [
    {
      class: "permanent",
      code: "bad_request",
      status: 400,
      message: "This response_format type is unavailable now",
    },
    '{"score": 4}',
  ];
  const parameters: unknown[] = [];
  const handle = createJudgeHandler({
    ...inWords,
    evaluators,
    readRows: ([id]) => Promise.resolve([aRow({ id })]),
    context: aContext(),
    caller: {
      call(request) {
        parameters.push(request.parameters);
        return Promise.resolve(toResult(answers.shift()!));
      },
    },
  });
  const ask = (payload: Partial<JudgePayload>) =>
    handle({
      id: 9,
      key: "k",
      attempt: 1,
      repetition: 1,
      enqueuedAt: "2026-01-01T00:00:00Z",
      leaseToken: "t",
      payload: {
        evaluationId: 1,
        evaluator: "rubric",
        vote: 1,
        votes: 1,
        ...payload,
      },
    }, { signal, isSpent: () => false });
  const refused = await ask({});
  assertEquals(refused!.outcome, "succeeded");
  assertEquals((refused!.enqueue as unknown[]).length, 1);
  assertEquals(
    ((await ask({ evaluationId: 2 }))!.vote as { score: number }).score,
    0.75,
  );
  assertEquals(parameters, [{ responseSchema, model: "j-2" }, {
    model: "j-2",
  }]);
});

Deno.test("createJudgeHandler() takes an answer that is known and asks nobody", async () => {
  const requests: unknown[] = [];
  const { outcome, asked } = await judge("unused", {}, {
    findAnswer(request, repetition) {
      requests.push([request.model, request.parameters, repetition]);
      return Promise.resolve({
        response: '{"score": 5}',
        model: "j-2-mini",
        finishReason: "stop",
      });
    },
  });
  assertEquals(requests, [["j-2", { responseSchema }, 3]]);
  assertEquals(asked.length, 0);
  assertEquals(outcome, {
    outcome: "succeeded",
    vote: {
      score: 1,
      passed: true,
      explanation: "5 of 5",
      answer: '{"score": 5}',
    },
    model: "j-2-mini",
    finishReason: "stop",
    cached: true,
  });
});

Deno.test("createJudgeHandler() says what was asked when its run caches", async () => {
  const { outcome, asked } = await judge('{"score": 5}', {}, {
    findAnswer: () => Promise.resolve(null),
  });
  assertEquals(outcome.request, {
    prompt: asked[0].prompt,
    model: "j-2",
    parameters: { responseSchema },
  });
  assertEquals(outcome.response, '{"score": 5}');
});

Deno.test("createJudgeHandler() asks nobody about what can no longer be judged", async () => {
  const pair = { evaluator: "pairwise", vote: 2, votes: 2 };
  const noOpponent = aContext({ responseIn: () => Promise.resolve(null) });
  for (
    const [payload, dependencies, message] of [
      [{}, { readRows: () => Promise.resolve([]) }, /the row .* is gone$/],
      [{ evaluator: "other" }, {}, /its evaluator is gone$/],
      [
        {},
        { readRows: () => Promise.resolve([aFailedRow("timeout")]) },
        /the row has no response/,
      ],
      [pair, { context: noOpponent }, /"baseline" has no response/],
    ] as const
  ) {
    const { outcome, asked } = await judge("unused", payload, dependencies);
    const { error } = outcome as TaskOutcome & { outcome: "failed" };
    assertEquals([outcome.outcome, error.class], ["failed", "permanent"]);
    assertMatch(error.message, /^Cannot score: /);
    assertMatch(error.message, message);
    assertEquals(asked.length, 0);
  }
});

Deno.test("createJudgeHandler() votes without a call on texts that have become equal", async () => {
  const { outcome, asked } = await judge(
    "unused",
    { evaluator: "pairwise", vote: 2, votes: 2 },
    { context: aContext({ responseIn: () => Promise.resolve("Paris") }) },
  );
  assertEquals(outcome, {
    outcome: "succeeded",
    vote: { score: 0.5, passed: true, category: "tie", explanation: "equal" },
  });
  assertEquals(asked.length, 0);
});

Deno.test("createJudgeHandler() fails when the database does, and asks nobody", async () => {
  const down = new PipelineError("unavailable", "database is down");
  for (
    const dependencies of [
      { readRows: () => Promise.reject(down) },
      { findAnswer: () => Promise.reject(down) },
    ]
  ) {
    assertStrictEquals(
      await assertRejects(
        () => judge(new Error("not to be called") as never, {}, dependencies),
        PipelineError,
      ),
      down,
    );
  }
});
