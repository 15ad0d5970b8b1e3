import { deepEqual, equal, match, ok } from "node:assert/strict";
import { aContext, aJudge } from "../testing/contexts.ts";
import { evaluate } from "../testing/evaluate.ts";

const config = { type: "pairwise", endpoint: "judge" };
const row = { response: "mine", reference: "theirs" };

function says(winner: string): string {
  return JSON.stringify({ reason: "Because.", winner });
}

Deno.test("pairwise asks in both orders", async () => {
  const { context, requests } = aJudge(says("first"), says("second"));
  await evaluate(config, row, context);
  equal(requests.length, 2);
  ok(requests[0].prompt.includes('"first":"mine","second":"theirs"'));
  ok(requests[1].prompt.includes('"first":"theirs","second":"mine"'));
});

Deno.test("pairwise weighs both verdicts", async () => {
  for (
    const [asFirst, asSecond, score, label] of [
      ["first", "second", 1, "win"],
      ["first", "tie", 0.75, "win"],
      ["tie", "tie", 0.5, "tie"],
      // A judge that favours a position has said nothing.
      ["first", "first", 0.5, "tie"],
      ["second", "second", 0.5, "tie"],
      ["tie", "first", 0.25, "loss"],
      ["second", "first", 0, "loss"],
    ] as const
  ) {
    const { context } = aJudge(says(asFirst), says(asSecond));
    const given = await evaluate(config, row, context);
    deepEqual(
      [given.score, given.label, given.passed],
      [score, label, score >= 0.5],
      `${asFirst}, ${asSecond}`,
    );
  }
});

Deno.test("pairwise explains itself by both reasons", async () => {
  const { context } = aJudge(says("first"), says("tie"));
  equal(
    (await evaluate(config, row, context)).explanation,
    "win as the first: Because. | tie as the second: Because.",
  );
});

Deno.test("pairwise calls equal texts a tie and asks nobody", async () => {
  deepEqual(
    await evaluate(config, { response: "same\r\n", reference: "same" }),
    {
      evaluator: "pairwise",
      score: 0.5,
      passed: true,
      label: "tie",
      explanation: "equal",
    },
  );
});

Deno.test("pairwise compares with the response of another experiment", async () => {
  const against = { ...config, against: { experiment: "baseline" } };
  const { context, requests } = aJudge(says("first"), says("second"));
  const score = await evaluate(against, { ...row, reference: null }, {
    ...context,
    responseIn: (experiment, { id }) =>
      Promise.resolve(`${experiment} said it of ${id}`),
  });
  equal(score.label, "win");
  ok(requests[0].prompt.includes('"second":"baseline said it of 1"'));
});

Deno.test("pairwise gives an error when the other experiment has no response", async () => {
  const against = { ...config, against: { experiment: "baseline" } };
  const context = aContext({ responseIn: () => Promise.resolve(null) });
  equal(
    (await evaluate(against, row, context)).error,
    'Cannot score: experiment "baseline" has no response to this prompt',
  );
});

Deno.test("pairwise gives an error when one of both calls fails", async () => {
  const { context } = aJudge(says("first"), {
    class: "transient",
    code: "timeout",
    message: "too slow",
  });
  const score = await evaluate(config, row, context);
  match(score.error!, /the judge failed: too slow/);
  equal(score.failure?.class, "transient");
});
