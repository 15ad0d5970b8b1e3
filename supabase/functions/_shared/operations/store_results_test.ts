import { assertEquals, assertObjectMatch, assertRejects } from "@std/assert";
import type { Database } from "../database.ts";
import { PipelineError } from "../errors.ts";
import {
  storeResults,
  type StoreResultsInput,
  storeResultsSchema,
} from "./store_results.ts";

type Call = { results: Record<string, unknown>[]; defaults: unknown };

function createDatabase(
  answer: (
    call: number,
  ) => { ids: (number | null)[]; existing?: number[]; errors: unknown[] },
) {
  const calls: Call[] = [];
  const database = {
    call: (_: string, parameters: Record<string, unknown>) => {
      calls.push(parameters as unknown as Call);
      return Promise.resolve().then(() => ({
        existing: [],
        ...answer(calls.length),
      }));
    },
  } as Database;
  return { database, calls };
}

function store(database: Database, input: StoreResultsInput) {
  return storeResults(storeResultsSchema.parse(input), {
    caller: { kind: "service" },
    database,
  });
}

const answered = (prompt: string) => ({
  prompt,
  response: "r",
  success: true,
});

Deno.test("storeResults() gives metadata of the batch as defaults", async () => {
  const { database, calls } = createDatabase(() => ({ ids: [7], errors: [] }));
  const stored = await store(database, {
    responses: [{ ...answered("a\0b"), model: null, promptKey: "k" }],
    batchMetadata: { experimentName: "e", modelName: "m", night: 2 },
  });
  assertEquals(stored, {
    stored: 1,
    failed: 0,
    insertedIds: [7],
    existing: [],
    errors: [],
  });
  assertEquals(calls[0].results, [
    { key: "k", prompt: "a\ufffdb", response: "r", success: true },
  ]);
  assertEquals(calls[0].defaults, {
    experimentName: "e",
    model: "m",
    metadata: { night: 2 },
  });
});

Deno.test("storeResults() goes on after a batch that failed", async () => {
  const { database } = createDatabase((call) => {
    if (call === 2) throw new PipelineError("unavailable", "no answer");
    const size = call === 1 ? 100 : 50;
    return { ids: Array.from({ length: size }, (_, id) => id), errors: [] };
  });
  const stored = await store(database, {
    responses: Array.from({ length: 250 }, (_, at) => answered(`${at}`)),
  });
  assertEquals([stored.stored, stored.failed], [150, 100]);
  assertEquals(stored.errors[0].context, { batch: 2, prompts: [100, 199] });
});

Deno.test("storeResults() numbers the same prompt under one run through all batches", async () => {
  const { database, calls } = createDatabase(() => ({
    ids: [5],
    existing: [5],
    errors: [],
  }));
  const { stored, existing } = await store(database, {
    responses: [
      { ...answered("other"), runId: 1, repetition: 3 },
      ...Array.from({ length: 99 }, () => answered("outside")),
      { ...answered("same"), runId: 1 },
      { ...answered(" same\r\n"), runId: 1 },
      { ...answered("same"), runId: 2 },
      { ...answered("x"), runId: 1, promptKey: "given" },
    ],
  });
  assertEquals(
    calls.flatMap(({ results }) => results.map((row) => row.repetition))
      .filter((repetition) => repetition !== undefined),
    [3, 1, 2, 1, 1],
  );
  assertEquals([stored, existing], [0, [5, 5]]);
});

Deno.test("storeResults() names the response of a bad row", async () => {
  const { database } = createDatabase(() => ({
    ids: [1, null],
    errors: [{ index: 1, code: "23514", message: "no" }],
  }));
  const { errors, insertedIds } = await store(database, {
    responses: [answered("a"), answered("b")],
  });
  assertEquals(errors[0].context?.prompt, 1);
  assertEquals(insertedIds, [1]);
});

Deno.test("storeResults() refuses a table that is no results table", async () => {
  const { database } = createDatabase(() => {
    throw new PipelineError("invalid_request", "it is no results table");
  });
  assertObjectMatch(
    await assertRejects(
      () => store(database, { responses: [answered("a")] }),
      Error,
    ),
    {
      code: "invalid_request",
    },
  );
});
