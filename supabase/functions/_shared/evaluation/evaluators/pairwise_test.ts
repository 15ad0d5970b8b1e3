import { assert, assertEquals } from "@std/assert";
import { aContext } from "../testing/contexts.ts";
import { evaluate, questionsOf, said } from "../testing/evaluate.ts";

const config = { type: "pairwise", endpoint: "judge" };
const row = { response: "mine", reference: "theirs" };

function says(winner: string) {
  return said(JSON.stringify({ reason: "Because.", winner }));
}

Deno.test("pairwise asks in both orders", async () => {
  const questions = await questionsOf(config, row);
  assertEquals(questions.length, 2);
  assert(questions[0].prompt.includes('"first":"mine","second":"theirs"'));
  assert(questions[1].prompt.includes('"first":"theirs","second":"mine"'));
});

Deno.test("pairwise and rubric show the judge what was sent", async () => {
  const sent = { ...row, system: "Be brief", prompt: "Hi, Ada" };
  for (
    const asked of [config, { type: "rubric", rubric: "Good?", endpoint: "j" }]
  ) {
    const [question] = await questionsOf(asked, sent);
    assert(
      question.prompt.includes('{"system":"Be brief","prompt":"Hi, Ada",'),
    );
  }
});

Deno.test("pairwise takes each vote for or against the response, wherever it stands", async () => {
  const [asFirst, asSecond] = await questionsOf(config, row);
  for (
    const [question, winner, score, category] of [
      [asFirst, "first", 1, "win"],
      [asFirst, "tie", 0.5, "tie"],
      [asFirst, "second", 0, "loss"],
      [asSecond, "first", 0, "loss"],
      [asSecond, "tie", 0.5, "tie"],
      [asSecond, "second", 1, "win"],
    ] as const
  ) {
    const given = question.read(says(winner));
    assertEquals(
      [given.score, given.category, given.passed],
      [score, category, score >= 0.5],
      winner,
    );
  }
});

Deno.test("pairwise explains each vote by its order and the judge's reason", async () => {
  const [asFirst, asSecond] = await questionsOf(config, row);
  assertEquals(
    asFirst.read(says("first")).explanation,
    "win as the first: Because.",
  );
  assertEquals(
    asSecond.read(says("tie")).explanation,
    "tie as the second: Because.",
  );
});

Deno.test("pairwise calls equal texts a tie and asks nobody", async () => {
  assertEquals(
    await evaluate(config, { response: "same\r\n", reference: "same" }),
    {
      evaluator: "pairwise",
      score: 0.5,
      passed: true,
      category: "tie",
      explanation: "equal",
    },
  );
});

Deno.test("pairwise compares with the response of another experiment", async () => {
  const against = { ...config, against: { experiment: "baseline" } };
  const context = aContext({
    responseIn: (experiment, { id }) =>
      Promise.resolve(`${experiment} said it of ${id}`),
  });
  const [asFirst] = await questionsOf(
    against,
    { ...row, reference: null },
    context,
  );
  assert(asFirst.prompt.includes('"second":"baseline said it of 1"'));
});

Deno.test("pairwise gives an error when the other experiment has no response", async () => {
  const against = { ...config, against: { experiment: "baseline" } };
  const context = aContext({ responseIn: () => Promise.resolve(null) });
  assertEquals(
    (await evaluate(against, row, context)).error,
    'Cannot score: experiment "baseline" has no response to this prompt',
  );
});
