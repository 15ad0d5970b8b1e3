import { assertEquals, assertMatch } from "@std/assert";
import { PipelineError } from "../../errors.ts";
import { createEvaluator } from "../create_evaluator.ts";
import { evaluatorSchema } from "../evaluator_schema.ts";
import { aContext } from "../testing/contexts.ts";
import { evaluate, problemsOf } from "../testing/evaluate.ts";
import { aFailedRow, aRow } from "../testing/rows.ts";

const config = { type: "webhook", url: "https://example.com/score" };

function answering(answer: unknown) {
  return aContext({ post: () => Promise.resolve(answer) });
}

Deno.test("webhook posts rows in batches and takes scores back by id, in any order", async () => {
  const posts: unknown[] = [];
  const context = aContext({
    post: (url, body) => {
      const { rows } = body as { rows: { id: number }[] };
      posts.push([url, rows.map(({ id }) => id)]);
      const scores = rows.map(({ id }) => ({ id, score: id / 10 }));
      return Promise.resolve({ scores: scores.reverse() });
    },
  });
  const evaluator = createEvaluator(
    evaluatorSchema.parse({ ...config, batchSize: 2, name: "own" }),
  );
  assertEquals(evaluator.batchSize, 2);
  const rows = [1, 2, 3].map((id) => aRow({ id }));
  assertEquals(await evaluator.evaluateBatch!(rows, context), [
    { evaluator: "own", score: 0.1 },
    { evaluator: "own", score: 0.2 },
    { evaluator: "own", score: 0.3 },
  ]);
  assertEquals(posts, [[config.url, [1, 2]], [config.url, [3]]]);
});

Deno.test("webhook sends what a service needs to score a row", async () => {
  let sent: unknown;
  const context = aContext({
    post: (_, body) => {
      sent = body;
      return Promise.resolve({ scores: [{ id: 1, passed: true }] });
    },
  });
  const reference = { from: "metadata", path: "expected" };
  await evaluate({ ...config, reference }, {
    metadata: { expected: "Rome" },
  }, context);
  assertEquals(sent, {
    evaluator: "webhook",
    rows: [{
      id: 1,
      promptKey: "k1",
      repetition: 1,
      system: null,
      prompt: "What is the capital of France?",
      response: "Paris",
      reference: "Rome",
      passages: null,
      model: "m-1",
      durationMs: 120,
      inputTokens: 10,
      outputTokens: 2,
      cost: 0.001,
      finishReason: "stop",
      toolCalls: null,
      metadata: { expected: "Rome" },
    }],
  });
});

Deno.test("webhook keeps rows without a response to itself", async () => {
  const sent: number[] = [];
  const context = aContext({
    post: (_, body) => {
      const { rows } = body as { rows: { id: number }[] };
      sent.push(...rows.map(({ id }) => id));
      return Promise.resolve({ scores: [{ id: 2, category: "ok" }] });
    },
  });
  const evaluator = createEvaluator(evaluatorSchema.parse(config));
  const scores = await evaluator.evaluateBatch!(
    [aFailedRow("timeout"), aRow({ id: 2 })],
    context,
  );
  assertEquals(sent, [2]);
  assertMatch(scores[0].error!, /no response/);
  assertEquals(scores[1], { evaluator: "webhook", category: "ok" });
});

Deno.test("webhook fails the one score that is missing or of no use", async () => {
  const scores = await createEvaluator(evaluatorSchema.parse(config))
    .evaluateBatch!(
      [1, 2, 3, 4, 5].map((id) => aRow({ id })),
      answering({
        scores: [
          { id: 5, score: 1.7e308 },
          { id: 1, passed: true, score: null },
          { id: 2, score: "high" },
          { id: 3, explanation: "well" },
          null,
        ],
      }),
    );
  assertEquals(scores[0], { evaluator: "webhook", passed: true });
  assertMatch(scores[1].error!, /of no use: .*expected number.*score/);
  assertMatch(scores[2].error!, /neither score nor passed, category or error/);
  assertMatch(scores[3].error!, /gave no score for this row/);
  assertMatch(scores[4].error!, /of no use: .*expected number to be <=1000000/);
});

Deno.test("webhook gives an error when the answer is not a list of scores", async () => {
  for (const answer of [undefined, "ok", [], { scores: {} }]) {
    assertEquals(
      (await evaluate(config, {}, answering(answer))).error,
      'Cannot score: the webhook example.com did not answer {"scores": […]}',
    );
  }
});

Deno.test("webhook gives an error when the call fails, for whatever reason", async () => {
  for (
    const error of [
      new TypeError("connection refused"),
      new PipelineError("unavailable", "HTTP 503"),
      new PipelineError("invalid_request", "HTTP 400"),
    ]
  ) {
    const context = aContext({ post: () => Promise.reject(error) });
    assertEquals(
      (await evaluate(config, {}, context)).error,
      `Cannot score: the webhook failed: ${error.message}`,
    );
  }
});

Deno.test("webhook sends no further batch once the worker has to stop", async () => {
  const stop = new AbortController();
  let posts = 0;
  const context = aContext({
    signal: stop.signal,
    post: () => {
      posts++;
      stop.abort();
      return Promise.resolve({ scores: [{ id: 1, score: 1 }] });
    },
  });
  const evaluator = createEvaluator(
    evaluatorSchema.parse({ ...config, batchSize: 1 }),
  );
  const rows = [1, 2].map((id) => aRow({ id }));
  const [first, second] = await evaluator.evaluateBatch!(rows, context);
  assertEquals(posts, 1);
  assertEquals(first.score, 1);
  assertMatch(second.error!, /^Cannot score: .*aborted/);
});

Deno.test("webhook refuses what is not the URL of a service", () => {
  const problemOf = (url: string) =>
    problemsOf(evaluatorSchema, { type: "webhook", url });
  assertEquals(problemOf("example.com"), "url: is not a URL");
  assertEquals(problemOf("ftp://example.com"), "url: must begin with https://");
  assertEquals(
    problemOf("https://me:hush@example.com"),
    "url: cannot hold a user name or password",
  );
});
