import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { PipelineError } from "../../errors.ts";
import { createEvaluator } from "../create_evaluator.ts";
import { evaluatorSchema } from "../evaluator_schema.ts";
import { aContext } from "../testing/contexts.ts";
import { aRow } from "../testing/rows.ts";
import { FunctionFailure } from "./sql.ts";

const config = { type: "sql", function: "public.grade" };

/** The scores of rows whose responses are numbers, and how many rows each call had; each takes `callMs`. */
async function score(
  responses: string[],
  answer: (response: string) => unknown,
  callMs = 0,
) {
  const calls: number[] = [];
  let now = 0;
  const context = aContext({
    now: () => now,
    callFunction(_, rows) {
      calls.push(rows.length);
      now += callMs;
      return Promise.resolve().then(() =>
        (rows as { response: string }[]).map(({ response }) => answer(response))
      );
    },
  });
  const scores = await createEvaluator(evaluatorSchema.parse(config))
    .evaluateBatch!(
      responses.map((response, id) => aRow({ id, response })),
      context,
    );
  return { scores, calls };
}

Deno.test("sql takes booleans, numbers and objects for scores, a hundred rows a call", async () => {
  const { scores, calls } = await score(
    Array.from({ length: 150 }, (_, n) => String(n)),
    (response) =>
      response === "0"
        ? true
        : response === "1"
        ? 0.25
        : { passed: false, category: "other", explanation: "no" },
  );
  assertEquals(calls, [100, 50]);
  assertEquals(scores.slice(0, 3), [
    { evaluator: "sql", score: 1, passed: true },
    { evaluator: "sql", score: 0.25 },
    { evaluator: "sql", passed: false, category: "other", explanation: "no" },
  ]);
});

Deno.test("sql halves the rows until the one is found that the function fails for", async () => {
  const { scores, calls } = await score(
    Array.from({ length: 8 }, (_, n) => String(n)),
    (response) => {
      if (response === "5") throw new FunctionFailure("division by zero");
      return true;
    },
  );
  assertEquals(calls, [8, 4, 4, 2, 1, 1, 2]);
  assertEquals(
    scores.flatMap(({ error }, n) => error === undefined ? [] : [[n, error]]),
    [[5, "Cannot score: division by zero"]],
  );
});

/** Fails for a row as a database does whose statement was cancelled. */
function slowFor(rows: string[]) {
  return (response: string) => {
    if (!rows.includes(response)) return true;
    throw new FunctionFailure("public.grade took longer than 5 s");
  };
}

Deno.test("sql finds one slow row among four", async () => {
  const { scores, calls } = await score(
    ["0", "1", "2", "3"],
    slowFor(["2"]),
    5_000,
  );
  assertEquals(calls, [4, 2, 2, 1, 1]);
  assertEquals(scores.map(({ error }) => error), [
    undefined,
    undefined,
    "Cannot score: public.grade took longer than 5 s",
    undefined,
  ]);
});

Deno.test("sql asks for no more rows when time is up", async () => {
  const { scores, calls } = await score(
    ["0", "1", "2", "3", "4", "5", "6", "7"],
    slowFor(["0", "1", "2"]),
    5_000,
  );
  assertEquals(calls, [8, 4, 2, 1, 1]);
  assertEquals(
    scores[1].error,
    "Cannot score: public.grade took longer than 5 s",
  );
  assertEquals(
    scores.slice(2).map(({ error }) => error),
    Array(6).fill("Cannot score: other rows took the time"),
  );
});

Deno.test("sql asks once when a right is missing", async () => {
  const { scores, calls } = await score(["0", "1", "2"], () => {
    throw new FunctionFailure("permission denied for table cities", true);
  });
  assertEquals(calls, [3]);
  assertMatch(scores[2].error!, /permission denied for table cities/);
});

Deno.test("sql gives errors for null and for what is no score", async () => {
  const { scores } = await score(
    ["0", "1", "2"],
    (response) => [null, "good", { score: 1e9 }][Number(response)],
  );
  assertMatch(scores[0].error!, /gave null/);
  assertMatch(scores[1].error!, /the function's score is of no use/);
  assertMatch(scores[2].error!, /the function's score is of no use/);
});

Deno.test("sql leaves a database that is away to the queue", async () => {
  await assertRejects(
    () =>
      score(["0"], () => {
        throw new PipelineError("unavailable", "database is down");
      }),
    PipelineError,
    "database is down",
  );
});
