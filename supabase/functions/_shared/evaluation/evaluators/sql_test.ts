import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { PipelineError } from "../../errors.ts";
import { createEvaluator } from "../create_evaluator.ts";
import { evaluatorSchema } from "../evaluator_schema.ts";
import { aContext } from "../testing/contexts.ts";
import { aRow } from "../testing/rows.ts";
import { FunctionFailure } from "./sql.ts";

const config = { type: "sql", function: "public.grade" };

/** The scores of rows whose responses are numbers, and how many rows each call had. */
async function score(
  responses: string[],
  answer: (response: string) => unknown,
) {
  const calls: number[] = [];
  const context = aContext({
    callFunction(_, rows) {
      calls.push(rows.length);
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
