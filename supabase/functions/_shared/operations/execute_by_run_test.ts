import {
  assertEquals,
  assertMatch,
  assertObjectMatch,
  assertRejects,
} from "@std/assert";
import type { Database } from "../database.ts";
import {
  type ExecuteBatchInput,
  executeBatchSchema,
} from "./execute_batch_schema.ts";
import { executeByRun } from "./execute_by_run.ts";
import type { RunState } from "./run_state.ts";

const RUN: RunState = {
  runId: 7,
  status: "completed",
  experimentName: "run 7",
  extracted: 2,
  succeeded: 1,
  failed: 1,
  cached: 0,
  open: 0,
  inputTokens: 1,
  outputTokens: 1,
  cost: 0,
  error: null,
  notice: null,
  resultsTable: "prompt_evaluations",
  startedAt: null,
  finishedAt: null,
};
const ANSWERS = [
  { position: 1, answer: { prompt: "a", success: true, response: "A" } },
  { position: 2, answer: { prompt: "b", success: false, error: "HTTP 400" } },
];

/** A project in which a run of some prompts ends in this state. */
async function execute(
  input: Partial<ExecuteBatchInput>,
  { run = RUN, answers = ANSWERS, endpoint = {} as unknown, prompts = 10 } = {},
) {
  const calls: [string, Record<string, unknown>][] = [];
  let now = 0;
  const output = await executeByRun(
    executeBatchSchema.parse({
      prompts: ["a", "b"],
      endpoint: "model",
      ...input,
    }),
    {
      caller: { kind: "user", id: "ada" },
      database: {
        call(name: string, args: Record<string, unknown>) {
          calls.push([name, args]);
          return Promise.resolve(
            name === "pipeline_create_run" ? { runId: 7 } : answers,
          );
        },
      } as unknown as Database,
      readRun: () => Promise.resolve(run),
      readEndpoint: () => Promise.resolve(endpoint),
      clock: {
        now: () => now,
        wait: (milliseconds) => {
          now += milliseconds;
          return Promise.resolve();
        },
      },
      waitLimitMs: 1_000,
      limits: { prompts },
    },
  );
  return { output, calls };
}

Deno.test("executeByRun() starts a run of the caller's and gives its answers in the order of the prompts", async () => {
  const { output, calls } = await execute({
    parameters: { temperature: 0 },
    requestOptions: { headers: { "x-team": "red" }, retries: 1 },
  });
  assertObjectMatch(calls[0][1], {
    owner: "ada",
    run: {
      source: { type: "prompts", prompts: ["a", "b"] },
      endpoint: "model",
      parameters: { temperature: 0 },
      options: { headers: { "x-team": "red" } },
      max_concurrency: 10,
      max_attempts: 2,
    },
  });
  assertEquals(
    output.responses.map(({ response, error }) => response ?? error),
    ["A", "HTTP 400"],
  );
  assertEquals(
    [output.runId, output.status, output.successful, output.failed],
    [7, "completed", 1, 1],
  );
  assertEquals(output.errors, [{
    code: "not_answered",
    message: "HTTP 400",
    context: { prompt: 1, batch: 1 },
  }]);
});

Deno.test("executeByRun() answers with the run when the time is up before it is over", async () => {
  const { output } = await execute({}, {
    run: { ...RUN, status: "running" },
    answers: ANSWERS.slice(0, 1),
  });
  assertEquals([output.status, output.successful, output.failed], [
    "running",
    1,
    1,
  ]);
  assertMatch(output.responses[1].error!, /^Not answered yet: run 7 goes on/);
  assertEquals(output.errors[0].context, { rest: [1], runId: 7 });
});

Deno.test("executeByRun() says why a run was paused", async () => {
  const { output } = await execute({}, {
    run: {
      ...RUN,
      status: "paused",
      error: "HTTP 401. Check the endpoint's key",
    },
    answers: [],
  });
  assertEquals(output.responses.map(({ error }) => error), [
    "Not executed: HTTP 401. Check the endpoint's key",
    "Not executed: HTTP 401. Check the endpoint's key",
  ]);
  assertEquals(output.errors[0].code, "paused");
});

Deno.test("executeByRun() refuses what it cannot do, and starts nothing", async () => {
  assertObjectMatch(
    await assertRejects(() => execute({}, { endpoint: null }), Error),
    { code: "not_found" },
  );
  assertObjectMatch(
    await assertRejects(() => execute({}, { prompts: 1 }), Error),
    { code: "too_large" },
  );
});

Deno.test("a stored endpoint keeps its format and its timeout", () => {
  for (
    const more of [{ format: "openai-chat" as const }, {
      requestOptions: { timeout: 5 },
    }]
  ) {
    const { success } = executeBatchSchema.safeParse({
      prompts: ["a"],
      endpoint: "model",
      ...more,
    });
    assertEquals(success, false);
  }
});
