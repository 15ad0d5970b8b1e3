import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStrictEquals,
} from "@std/assert";
import { PipelineError } from "../errors.ts";
import { createEvaluator, isScoredByWorkers } from "./create_evaluator.ts";
import { type EvaluatorConfig, evaluatorSchema } from "./evaluator_schema.ts";
import { EVALUATORS } from "./evaluators.ts";
import type { Score } from "./score.ts";
import { aContext } from "./testing/contexts.ts";
import { evaluate } from "./testing/evaluate.ts";
import { aFailedRow, aRow } from "./testing/rows.ts";

const EXAMPLES = EVALUATORS.map(({ example }) => example)
  .filter(({ type }) => isScoredByWorkers({ type } as EvaluatorConfig));

Deno.test("createEvaluator() gives one error for a row without a response, whatever the evaluator", async () => {
  for (const config of EXAMPLES) {
    assertEquals(await evaluate(config, aFailedRow("timeout")), {
      evaluator: config.type,
      error: "Cannot score: the row has no response, because its prompt failed",
    });
  }
});

Deno.test("createEvaluator() scores no response that a failed prompt left behind", async () => {
  for (const config of EXAMPLES) {
    const { error } = await evaluate(config, { success: false });
    assertMatch(error!, /no response/);
  }
});

Deno.test("createEvaluator() turns what is thrown into the error of the score", async () => {
  for (
    const [config, call] of [
      [{ type: "webhook", url: "https://example.com" }, "post"],
      [{
        type: "pairwise",
        endpoint: "judge",
        against: { experiment: "base" },
      }, "responseIn"],
    ] as const
  ) {
    const context = aContext({ [call]: () => Promise.reject(new Error(call)) });
    const { error } = await evaluate(config, {}, context);
    assertMatch(error!, new RegExp(`^Cannot score: .*${call}$`));
  }
});

Deno.test("createEvaluator() lets a failure of the pipeline pass, which is no row's", async () => {
  const unavailable = new PipelineError("unavailable", "database is down");
  const context = aContext({ responseIn: () => Promise.reject(unavailable) });
  const against = { experiment: "base" };
  assertStrictEquals(
    await assertRejects(
      () =>
        evaluate({ type: "pairwise", endpoint: "judge", against }, {}, context),
      PipelineError,
    ),
    unavailable,
  );
});

Deno.test("createEvaluator() answers without a promise when nobody is asked", () => {
  const evaluator = createEvaluator(evaluatorSchema.parse("exact-match"));
  assertEquals(evaluator.batchSize, undefined);
  assertEquals(evaluator.evaluate(aRow(), aContext()), {
    evaluator: "exact-match",
    score: 1,
    passed: true,
  });
});

Deno.test("createEvaluator() names scores by the evaluator's own name", async () => {
  const config = { type: "length", max: 9, name: "short-enough" };
  assertEquals((await evaluate(config, {})).evaluator, "short-enough");
});

Deno.test("createEvaluator() takes the run's reference unless the evaluator has its own", async () => {
  const row = aRow({ response: "Rome", reference: "Paris" });
  const passes = async (config: unknown) => {
    const evaluator = createEvaluator(evaluatorSchema.parse(config), {
      reference: { value: "Rome" },
    });
    return (await evaluator.evaluate(row, aContext()) as Score).passed;
  };
  assertEquals(await passes("exact-match"), true);
  const own = { type: "exact-match", reference: { from: "archive" } };
  assertEquals(await passes(own), false);
});

Deno.test("createEvaluator() makes texts fit for Postgres and bounds their length", async () => {
  const context = aContext({
    post: () =>
      Promise.resolve({
        scores: [{
          id: 1,
          category: "l".repeat(300),
          explanation: `\0${"e".repeat(5000)}`,
        }],
      }),
  });
  const config = { type: "webhook", url: "https://example.com" };
  const { category, explanation } = await evaluate(config, {}, context);
  assertEquals(category!.length, 200);
  assertEquals(explanation!.length, 2000);
  assertEquals(explanation![0], "\ufffd");
});

Deno.test("createEvaluator() copes with huge texts in bounded time", async () => {
  const response = "word 1 ".repeat(300_000);
  const row = aRow({ response, reference: `${response}!` });
  for (const config of EXAMPLES) {
    const evaluator = createEvaluator(evaluatorSchema.parse(config));
    if (evaluator.evaluateBatch) continue;
    const said = await evaluator.evaluate(row, aContext());
    assert(
      Array.isArray(said) || said.score !== undefined ||
        said.error !== undefined,
      config.type,
    );
  }
});

Deno.test("createEvaluator() turns the verdict of every evaluator round with not", async () => {
  const config = { type: "contains", text: "Paris", not: true };
  assertEquals(await evaluate(config, { response: "Paris" }), {
    evaluator: "not-contains",
    score: 0,
    passed: false,
  });
  const named = {
    ...config,
    texts: ["Paris", "Rome"],
    text: undefined,
    name: "none",
  };
  assertEquals(await evaluate(named, { response: "Paris" }), {
    evaluator: "none",
    score: 0.5,
    passed: true,
    explanation: "missing: Rome",
  });
  const { error } = await evaluate(config, aFailedRow("timeout"));
  assertMatch(error!, /no response/);
});

Deno.test("createEvaluator() passes over what the model thought aloud, unless it is asked for", async () => {
  const row = aRow({
    response: "<think>\nNot Lima?\n</think>\n\nCusco",
    reference: "<think>Cusco!</think>Cusco",
  });
  const says = (text: string) => ({ type: "contains", text });
  assertEquals((await evaluate(says("Lima"), row)).passed, false);
  assertEquals((await evaluate("exact-match", row)).passed, true);
  assertEquals(
    (await evaluate({ ...says("Lima"), thoughts: true }, row)).passed,
    true,
  );
});
