import { assertEquals, assertMatch } from "@std/assert";
import { evaluatorSchema } from "../evaluator_schema.ts";
import { evaluate, problemsOf } from "../testing/evaluate.ts";

const response = "The capital of France is Paris.";

Deno.test("contains passes when the text is in the response", async () => {
  assertEquals(
    await evaluate({ type: "contains", text: "Paris" }, { response }),
    { evaluator: "contains", score: 1, passed: true },
  );
});

Deno.test("contains scores the share of texts and names the missing ones", async () => {
  const texts = ["Paris", "Lyon", "capital", "Nice"];
  assertEquals(await evaluate({ type: "contains", texts }, { response }), {
    evaluator: "contains",
    score: 0.5,
    passed: false,
    explanation: "missing: Lyon | Nice",
  });
});

Deno.test("contains with match any passes when one of the texts is there", async () => {
  const config = { type: "contains", texts: ["Lyon", "Paris"], match: "any" };
  assertEquals((await evaluate(config, { response })).passed, true);
  assertEquals((await evaluate(config, { response: "Nice" })).passed, false);
});

Deno.test("contains looks for the reference when no text is given", async () => {
  assertEquals((await evaluate("contains", { response })).passed, true);
  assertEquals(
    (await evaluate("contains", { response: "Lyon" })).passed,
    false,
  );
  const padded = { response, reference: " Paris\n" };
  assertEquals((await evaluate("contains", padded)).passed, true);
  assertMatch(
    (await evaluate("contains", { response, reference: null })).error!,
    /no reference/,
  );
});

Deno.test("contains needs no reference when a text is given", async () => {
  const config = { type: "contains", text: "Paris" };
  assertEquals(
    (await evaluate(config, { response, reference: null })).passed,
    true,
  );
});

Deno.test("contains heeds case unless told to ignore it", async () => {
  const config = { type: "contains", text: "PARIS" };
  assertEquals((await evaluate(config, { response })).passed, false);
  const lenient = { ...config, ignoreCase: true };
  assertEquals((await evaluate(lenient, { response })).passed, true);
});

Deno.test("contains refuses text beside texts", () => {
  assertEquals(
    problemsOf(evaluatorSchema, { type: "contains", text: "a", texts: ["b"] }),
    "text: cannot stand beside texts: write one of them",
  );
});
