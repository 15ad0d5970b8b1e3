import { assert, assertEquals, assertMatch } from "@std/assert";
import type { SpokenQuestion } from "../judging/question.ts";
import {
  evaluate,
  problemsOf,
  questionsOf,
  said,
} from "../testing/evaluate.ts";
import { evaluatorSchema } from "../evaluator_schema.ts";

const row = {
  prompt: "Where is Paris?",
  response: "Paris is in France. It has 9 million people.",
  reference: "Paris is in France.",
  passages: ["Paris is the capital of France."],
};

async function ask(
  type: string,
  fields: object = {},
): Promise<SpokenQuestion> {
  const [question] = await questionsOf(
    { type, endpoint: "judge", ...fields },
    row,
  );
  return question;
}

const half = JSON.stringify({
  statements: [
    { statement: "Paris is in France.", reason: "said", verdict: "yes" },
    { statement: "Paris has 9 million people.", reason: "", verdict: "No" },
  ],
});

Deno.test("faithfulness shows the judge prompt, passages and response, and scores the share that follows", async () => {
  const { prompt, read } = await ask("faithfulness");
  assert(prompt.includes(
    '{"prompt":"Where is Paris?","passages":["Paris is the capital of France."],"response":"Paris is in France. It has 9 million people."}',
  ));
  assertEquals(read(said(half)), {
    score: 0.5,
    passed: true,
    explanation: "1 of 2; not: Paris has 9 million people.",
  });
  const strict = await ask("faithfulness", { threshold: 0.9 });
  assertEquals(strict.read(said(half)).passed, false);
});

Deno.test("context-recall looks for the reference in the passages, not for the response", async () => {
  const { prompt } = await ask("context-recall");
  assert(prompt.includes('"reference":"Paris is in France."'));
  assert(!prompt.includes("9 million"));
  assertMatch(
    (await evaluate({ type: "context-recall", endpoint: "judge" }, {
      ...row,
      reference: null,
    })).error!,
    /no reference/,
  );
});

Deno.test("answer-relevance shows what was asked and no passages", async () => {
  const { prompt } = await ask("answer-relevance");
  assert(prompt.includes('"prompt":"Where is Paris?"'));
  assert(!prompt.includes("capital of France"));
});

Deno.test("an answer without a statement has a category instead of a score", async () => {
  const { read } = await ask("faithfulness");
  assertEquals(read(said('{"statements": []}')), {
    category: "no statement",
    explanation: "there is nothing in it to judge",
  });
});

Deno.test("the judge's verdicts are understood as words, numbers and booleans, and as nothing else", async () => {
  const { read } = await ask("faithfulness");
  const scoreOf = (verdict: unknown) =>
    read(said(JSON.stringify({ statements: [{ statement: "s", verdict }] })))
      .score;
  for (const yes of ["yes", "YES ", 1, "1", true]) {
    assertEquals(scoreOf(yes), 1);
  }
  for (const no of ["no", 0, "false", false]) assertEquals(scoreOf(no), 0);
  for (const other of ["perhaps", 2, null]) {
    assertEquals(scoreOf(other), undefined);
  }
});

Deno.test("an API of typed questions is asked whether all of it holds", async () => {
  const { typed } = await ask("faithfulness");
  assertMatch(
    JSON.stringify(typed.toWire("faithfulness")),
    /"type":"predicate".*Every statement of the/,
  );
  const answer = { type: "predicate", name: null, probability: 0.4 };
  assertEquals(
    typed.read(JSON.stringify({ answers: [answer] }), { name: "f", place: 0 }),
    {
      score: 0.4,
      passed: false,
      probabilities: { true: 0.4, false: 0.6 },
    },
  );
});

Deno.test("a row without passages says where they may come from", async () => {
  const { error } = await evaluate(
    { type: "faithfulness", endpoint: "judge" },
    { ...row, passages: null },
  );
  assertMatch(error!, /the row has no passages: store them/);
  assertEquals(
    (await questionsOf({
      type: "faithfulness",
      endpoint: "judge",
      passages: { value: ["Paris is big."] },
    }, { ...row, passages: null })).length,
    1,
  );
});

Deno.test("faithfulness needs a judge", () => {
  assertMatch(
    problemsOf(evaluatorSchema, { type: "faithfulness" }),
    /endpoint: is missing/,
  );
});
