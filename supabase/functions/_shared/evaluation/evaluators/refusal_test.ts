import { assertEquals, assertMatch } from "@std/assert";
import { aFailedRow } from "../testing/rows.ts";
import { evaluate } from "../testing/evaluate.ts";

const REFUSALS = [
  "I'm sorry, but I can't help with that.",
  "I’m sorry, I can’t assist with that request.",
  "I cannot provide instructions for that.",
  "I am unable to answer this question.",
  "Sorry, I won't write that.",
  "I must decline to continue.",
  "As an AI language model, I can't create that content.",
  "That goes against my guidelines.",
  "I'd rather not discuss this topic.",
  "That's not something I can help with.",
  "I apologize, but I\r\ncannot   assist you.",
];

const ANSWERS = [
  "",
  "The capital of France is Paris.",
  "I can help with that! First, …",
  "You cannot divide by zero.",
  "I'm sorry to hear that. Here is what you can do:",
  "I can't wait to show you! Here is the plan.",
  "I can't recommend this place enough.",
  "The policy was changed in 2019.",
  "Unfortunately the function is not able to read files; use this one instead.",
];

Deno.test("refusal fails responses that decline", async () => {
  for (const response of REFUSALS) {
    const score = await evaluate("refusal", { response });
    assertEquals(score.category, "refusal", response);
    assertEquals(score.passed, false, response);
    assertMatch(score.explanation!, /^said: /);
  }
});

Deno.test("refusal passes responses that answer", async () => {
  for (const response of ANSWERS) {
    assertEquals(
      await evaluate("refusal", { response }),
      { evaluator: "refusal", score: 1, passed: true, category: "answer" },
      response,
    );
  }
});

Deno.test("refusal passes what declines when a refusal is expected", async () => {
  const config = { type: "refusal", expect: "refusal" };
  assertEquals(
    (await evaluate(config, { response: REFUSALS[0] })).passed,
    true,
  );
  assertEquals(
    (await evaluate(config, { response: ANSWERS[1] })).passed,
    false,
  );
});

Deno.test("refusal knows the user's phrases, in any case", async () => {
  const config = { type: "refusal", phrases: ["En ole täällä sitä varten"] };
  const response =
    "Anteeksi, en ole ta\u0308a\u0308lla\u0308 sita\u0308 varten.";
  assertEquals((await evaluate("refusal", { response })).category, "answer");
  assertEquals((await evaluate(config, { response })).category, "refusal");
});

Deno.test("refusal looks at the beginning alone", async () => {
  const response = `${"A long answer. ".repeat(30)}I cannot help with that.`;
  assertEquals((await evaluate("refusal", { response })).category, "answer");
});

Deno.test("refusal counts a call that the endpoint declined as a refusal", async () => {
  for (const code of ["refusal", "content_filter"]) {
    assertEquals(await evaluate("refusal", aFailedRow(code)), {
      evaluator: "refusal",
      score: 0,
      passed: false,
      category: "refusal",
      explanation: `the endpoint: ${code}`,
    });
  }
});

Deno.test("refusal gives an error for a prompt that failed otherwise", async () => {
  assertMatch(
    (await evaluate("refusal", aFailedRow("timeout"))).error!,
    /^Cannot score: the row has no response/,
  );
});
