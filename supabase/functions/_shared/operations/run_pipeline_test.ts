import {
  assert,
  assertEquals,
  assertObjectMatch,
  assertRejects,
} from "@std/assert";
import type { Database } from "../database.ts";
import {
  runPipeline,
  type RunPipelineDependencies,
  type RunPipelineInput,
  runPipelineSchema,
} from "./run_pipeline.ts";
import type { RunState } from "./run_state.ts";

const over: RunState = {
  runId: 7,
  status: "completed",
  experimentName: "run 7",
  extracted: 1,
  succeeded: 1,
  failed: 0,
  cached: 0,
  open: 0,
  inputTokens: 0,
  outputTokens: 0,
  cost: 0,
  error: null,
  notice: null,
  resultsTable: "prompt_evaluations",
  startedAt: null,
  finishedAt: null,
};

function createFakes(states: RunState["status"][]) {
  const calls: [string, Record<string, unknown>][] = [];
  let now = 0;
  const dependencies: RunPipelineDependencies = {
    caller: { kind: "service" },
    database: {
      call: (name: string, parameters: Record<string, unknown>) => {
        calls.push([name, parameters]);
        return Promise.resolve(
          name === "pipeline_ensure_endpoint" ? "model-1" : { runId: 7 },
        );
      },
    } as Database,
    readRun: () =>
      Promise.resolve({
        ...over,
        status: states.length > 1 ? states.shift()! : states[0],
      }),
    readFailures: () =>
      Promise.resolve([{ code: "http_500", message: "no", context: {} }]),
    clock: {
      now: () => now,
      wait: (milliseconds) => {
        now += milliseconds;
        return Promise.resolve();
      },
    },
    waitLimitMs: 10_000,
  };
  return { calls, dependencies, now: () => now };
}

function run(
  input: Partial<RunPipelineInput>,
  dependencies: RunPipelineDependencies,
) {
  return runPipeline(
    runPipelineSchema.parse({
      dataSource: { type: "supabase", bucket: "chats" },
      endpoint: "model",
      supabaseTable: "prompt_evaluations",
      config: {},
      ...input,
    }),
    dependencies,
  );
}

Deno.test("runPipeline() starts a run and answers at once", async () => {
  const { calls, dependencies } = createFakes(["queued"]);
  const answer = await run({
    config: {
      extractMaxPrompts: 9,
      batchSize: 20,
      maxConcurrency: 3,
      turns: "first",
    },
    batchMetadata: { experimentName: "e", tags: ["t"], night: 1 },
  }, { ...dependencies, idempotencyKey: "k" });
  assertEquals(answer, { runId: 7, status: "queued", errors: [] });
  const [name, { run: row, idempotency_key }] = calls[0] as [
    string,
    { run: Record<string, unknown>; idempotency_key: string },
  ];
  assertEquals([name, idempotency_key], ["pipeline_create_run", "k"]);
  assertEquals(
    [row.max_prompts, row.max_concurrency, row.options, row.metadata, row.tags],
    [9, 3, { turns: "first" }, { night: 1 }, ["t"]],
  );
});

Deno.test("runPipeline() with wait tells why prompts failed", async () => {
  const { dependencies } = createFakes(["completed"]);
  for (const failed of [0, 3]) {
    const { errors } = await run({ wait: true }, {
      ...dependencies,
      readRun: () => Promise.resolve({ ...over, failed }),
    });
    assertEquals(errors.map(({ code }) => code), failed ? ["http_500"] : []);
  }
});

Deno.test("runPipeline() hands on the wish to join an experiment", async () => {
  const { calls, dependencies } = createFakes(["queued"]);
  await run({ config: { join: true } }, dependencies);
  assertEquals((calls[0][1].run as { options: object }).options, {
    join: true,
  });
});

Deno.test("runPipeline() hands on template and repetitions", async () => {
  const { calls, dependencies } = createFakes(["queued"]);
  const template = { system: "Be brief", user: "{{prompt}} in {{language}}" };
  await run({
    dataSource: { type: "prompts", prompts: [{ metadata: { a: 1 } }] },
    config: { template, repetitions: 5 },
  }, dependencies);
  const { template: given, repetitions, options } = calls[0][1].run as Record<
    string,
    unknown
  >;
  assertEquals([given, repetitions, options], [template, 5, {}]);
});

Deno.test("runPipelineSchema refuses what no run can ask", () => {
  const problemOf = (prompts: unknown[], config: object = {}) =>
    runPipelineSchema.safeParse({
      dataSource: { type: "prompts", prompts },
      endpoint: "model",
      config,
    }).error?.issues.length ?? 0;
  assertEquals(problemOf(["one", { text: "two" }, { metadata: { a: 1 } }]), 0);
  for (
    const [prompts, config] of [
      [[{}]],
      [[{ metadata: {} }]],
      [[{ text: "" }]],
      [["one"], { repetitions: 0 }],
      [["one"], { repetitions: 101 }],
      [["one"], { template: {} }],
      [["one"], { template: { assistant: "Sure" } }],
      [["one"], { variables: true }],
    ] as const
  ) assert(problemOf([...prompts], config) > 0, JSON.stringify(prompts));
});

Deno.test("runPipeline() begins to work on the run that it started", async () => {
  const { dependencies } = createFakes(["queued"]);
  const begun: (number | string)[] = [];
  await run({}, { ...dependencies, beginRun: (runId) => begun.push(runId) });
  assertEquals(begun, [7]);
});

Deno.test("runPipeline() makes an endpoint of a URL", async () => {
  const { calls, dependencies } = createFakes(["queued"]);
  await run({
    endpoint: undefined,
    modelEndpoint: "https://model.example/v1",
    requestOptions: { headers: { Authorization: "Bearer x" }, timeout: 5000 },
  }, dependencies);
  assertEquals(calls[0], ["pipeline_ensure_endpoint", {
    url: "https://model.example/v1",
    format: null,
    model: null,
    headers: { Authorization: "Bearer x" },
    timeout_seconds: 5,
  }]);
  assertEquals(
    (calls[1][1].run as Record<string, unknown>).endpoint,
    "model-1",
  );
});

Deno.test("runPipeline() refuses a call that would outlive its isolate", async () => {
  const { dependencies, calls } = createFakes(["queued"]);
  await assertRejects(
    () =>
      run({
        modelEndpoint: "https://model.example/v1",
        endpoint: undefined,
        requestOptions: { timeout: 300_000 },
      }, dependencies),
    Error,
    "a call has 125 s",
  );
  assertEquals(calls, []);
});

Deno.test("runPipeline() waits until the run is over", async () => {
  const { dependencies } = createFakes(["queued", "running", "completed"]);
  const { status, summary } = await run({ wait: true }, dependencies);
  assertEquals([status, summary?.succeeded], ["completed", 1]);
});

Deno.test("runPipeline() answers with the state when the time to wait is up", async () => {
  const { dependencies, now } = createFakes(["running"]);
  assertEquals((await run({ wait: 2 }, dependencies)).status, "running");
  assertEquals(now(), 2000);
  assertEquals((await run({ wait: 3600 }, dependencies)).status, "running");
  assertEquals(now(), 12_000);
});

Deno.test("runPipeline() keeps users from URLs and workers, and HTTP from directories", async () => {
  const { calls, dependencies } = createFakes(["queued"]);
  for (
    const input of [
      { endpoint: undefined, modelEndpoint: "https://model.example" },
      { config: { maxWorkers: 50 } },
    ]
  ) {
    assertObjectMatch(
      await assertRejects(
        () =>
          run(input, { ...dependencies, caller: { kind: "user", id: "u" } }),
        Error,
      ),
      { code: "forbidden" },
    );
  }
  assertEquals(calls, []);
  assertObjectMatch(
    await assertRejects(
      () =>
        run({ dataSource: { type: "local", directory: "a" } }, dependencies),
      Error,
    ),
    { code: "invalid_request" },
  );
});

Deno.test("runPipelineSchema refuses a key in the URL", () => {
  assertEquals(
    runPipelineSchema.safeParse({
      dataSource: { type: "run", runId: 1 },
      modelEndpoint: "https://model.example/v1?api_key=abc",
    }).success,
    false,
  );
});
