import { assert, assertEquals, assertMatch } from "@std/assert";
import { evaluatorSchema } from "../evaluator_schema.ts";
import {
  evaluate,
  problemsOf,
  questionsOf,
  said,
} from "../testing/evaluate.ts";

const tone = {
  type: "classify",
  question: "Which tone has it?",
  categories: { friendly: 1, neutral: 0.5, "Rude!": 0 },
  endpoint: "judge",
};

Deno.test("classify gives the score of the category, which passes when it is a passing one", async () => {
  const [question] = await questionsOf(tone, {});
  assertEquals(
    question.read(said('{"reason": "So.", "category": "neutral"}')),
    {
      score: 0.5,
      passed: false,
      category: "neutral",
      explanation: "So.",
    },
  );
  assertEquals(question.read(said('{"category": "Friendly."}')).passed, true);
  assertEquals(question.read(said("**rude**")).category, "Rude!");
  assertMatch(question.read(said('{"category": "loud"}')).error!, /form/);
});

Deno.test("classify passes the categories it names, and asks for one of all", async () => {
  const [question] = await questionsOf({ ...tone, passing: ["neutral"] }, {});
  assertEquals(question.read(said('{"category": "neutral"}')).passed, true);
  assertEquals(question.read(said('{"category": "friendly"}')).passed, false);
  assertMatch(question.prompt, /one of "friendly", "neutral", "Rude!"/);
  assertEquals(
    (question.responseSchema as { properties: { category: unknown } })
      .properties.category,
    { type: "string", enum: ["friendly", "neutral", "Rude!"] },
  );
});

Deno.test("classify knows factuality and the closed question", async () => {
  const factuality = { type: "classify", preset: "factuality", endpoint: "j" };
  const [question] = await questionsOf(factuality, { reference: "Paris" });
  assert(question.prompt.includes('"reference":"Paris"'));
  const passes = (category: string) => {
    const { score, passed } = question.read(said(JSON.stringify({ category })));
    return [score, passed];
  };
  assertEquals(passes("subset"), [0.4, true]);
  assertEquals(passes("disagreement"), [0, false]);
  const { error } = await evaluate(factuality, { reference: null });
  assertMatch(error!, /has no reference/);
  const [closed] = await questionsOf({
    type: "classify",
    preset: "closed-question",
    criterion: "Is it short?",
    endpoint: "j",
  }, {});
  assert(closed.prompt.includes("Criterion: Is it short?"));
  assertEquals(closed.read(said("Yes")).passed, true);
});

Deno.test("classify asks every judge of a panel", async () => {
  const panel = ["a", "b", "c"].map((endpoint) => ({ endpoint }));
  const { endpoint: _, ...open } = tone;
  const questions = await questionsOf({ ...open, panel, combine: "mean" }, {});
  assertEquals<unknown>(
    questions.map(({ judge, combine }) => [judge.endpoint, combine]),
    ["a", "b", "c"].map((name) => [name, { by: "mean", passFrom: 1 }]),
  );
});

Deno.test("classify refuses what it cannot ask", () => {
  const problems = (config: object) =>
    problemsOf(evaluatorSchema, { ...tone, ...config });
  assertMatch(problems({ categories: { a: 1 } }), /at least two categories/);
  assertMatch(problems({ passing: ["loud"] }), /"loud" is none/);
  assertMatch(problems({ preset: "factuality" }), /cannot stand beside/);
  assertMatch(problems({ criterion: "x" }), /belongs to preset/);
  assertMatch(problems({ endpoint: undefined }), /name the endpoint/);
  assertMatch(
    problems({ panel: [{ endpoint: "a" }, { endpoint: "b" }] }),
    /cannot stand beside panel/,
  );
});
