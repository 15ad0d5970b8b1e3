import { assertEquals, assertMatch } from "@std/assert";
import { evaluatorSchema, evaluatorsSchema } from "./evaluator_schema.ts";
import { problemsOf } from "./testing/evaluate.ts";

Deno.test("evaluatorSchema takes a name for an evaluator with its defaults", () => {
  assertEquals(evaluatorSchema.parse("exact-match"), {
    type: "exact-match",
    ignoreCase: false,
    trim: true,
  });
});

Deno.test("evaluatorSchema names the evaluators there are when there is no such one", () => {
  assertMatch(
    problemsOf(evaluatorSchema, "exact"),
    /^type: is no evaluator: choose one of exact-match, contains, .*, weighted$/,
  );
  assertMatch(problemsOf(evaluatorSchema, {}), /^type: is no evaluator/);
  assertMatch(
    problemsOf(evaluatorSchema, 3),
    /^: must be the name of an evaluator or an object/,
  );
});

Deno.test("evaluatorSchema lists every problem of an evaluator", () => {
  assertEquals(
    problemsOf(evaluatorSchema, {
      type: "edit-distance",
      unit: "lines",
      threshold: 2,
      ignorecase: true,
      name: "My Name",
    }),
    'unit: Invalid option: expected one of "characters"|"words"\n' +
      "threshold: Too big: expected number to be <=1\n" +
      "name: must be kebab-case, such as has-greeting\n" +
      ': Unrecognized key: "ignorecase"',
  );
});

Deno.test("evaluatorsSchema lists the problems of all evaluators with their places", () => {
  assertMatch(
    problemsOf(evaluatorsSchema, ["regex", { type: "latency" }, "nonsense"]),
    /^0\.pattern: .*\n1\.maxMs: .*\n2\.type: is no evaluator/,
  );
});

Deno.test("evaluatorsSchema refuses two evaluators of one name", () => {
  const search = (pattern: string, name?: string) => ({
    type: "regex",
    pattern,
    name,
  });
  assertEquals(
    problemsOf(evaluatorsSchema, [search("a"), search("b")]),
    "1.name: another evaluator is named regex: give this one a name",
  );
  assertEquals(
    problemsOf(evaluatorsSchema, [search("a"), search("b", "has-b")]),
    "",
  );
});

Deno.test("evaluatorsSchema refuses weights of evaluators that the run does not have", () => {
  const weighted = { type: "weighted", weights: { "exact-match": 1 } };
  assertEquals(problemsOf(evaluatorsSchema, ["exact-match", weighted]), "");
  assertEquals(
    problemsOf(evaluatorsSchema, [weighted]),
    '0.weights: "exact-match" is no other evaluator of the run, or weighted itself',
  );
});
