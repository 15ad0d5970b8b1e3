import { assertEquals } from "@std/assert";
import { evaluatorSchema } from "../evaluator_schema.ts";
import { evaluate, problemsOf } from "../testing/evaluate.ts";

Deno.test("not-contains passes when none of the texts is in the response", async () => {
  assertEquals(
    await evaluate({ type: "not-contains", text: "Lyon" }, {}),
    { evaluator: "not-contains", score: 1, passed: true },
  );
});

Deno.test("not-contains fails when one of the texts is there, and names it", async () => {
  const config = { type: "not-contains", texts: ["Lyon", "Paris"] };
  assertEquals(await evaluate(config, {}), {
    evaluator: "not-contains",
    score: 0.5,
    passed: false,
    explanation: "found: Paris",
  });
});

Deno.test("not-contains finds texts in any case when told to", async () => {
  const config = { type: "not-contains", text: "PARIS", ignoreCase: true };
  assertEquals((await evaluate(config, {})).passed, false);
});

Deno.test("not-contains refuses a configuration without a text", () => {
  assertEquals(
    problemsOf(evaluatorSchema, "not-contains"),
    "text: not-contains needs text or texts",
  );
});
