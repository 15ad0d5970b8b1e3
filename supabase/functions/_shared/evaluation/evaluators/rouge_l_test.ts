import { assertEquals, assertMatch } from "@std/assert";
import { evaluate } from "../testing/evaluate.ts";

async function scoreOf(response: string, reference: string): Promise<string> {
  const { score } = await evaluate("rouge-l", { response, reference });
  return score!.toFixed(7);
}

Deno.test("rouge-l gives the values of the examples in Lin's paper", async () => {
  const reference = "police killed the gunman";
  assertEquals(await scoreOf("police kill the gunman", reference), "0.7500000");
  assertEquals(await scoreOf("the gunman kill police", reference), "0.5000000");
  assertEquals(
    await scoreOf("the gunman police killed", reference),
    "0.5000000",
  );
});

Deno.test("rouge-l gives the values that KerasNLP documents", async () => {
  const first = await scoreOf(
    "the cat was under the bed",
    "the tiny little cat was found under the big funny bed",
  );
  assertEquals(first, "0.7058824");
  const second = await scoreOf(
    "i love contributing to KerasNLP",
    "i really love contributing to KerasNLP",
  );
  // The manual gives the mean of both as a 32-bit number, 0.80748665.
  assertEquals(((Number(first) + Number(second)) / 2).toFixed(6), "0.807487");
});

Deno.test("rouge-l explains its score by precision and recall, and passes from the threshold on", async () => {
  const row = { response: "a b", reference: "a b c d" };
  assertEquals(await evaluate({ type: "rouge-l", threshold: 0.66 }, row), {
    evaluator: "rouge-l",
    score: 2 / 3,
    passed: true,
    explanation: "precision 1.000, recall 0.500",
  });
  assertEquals(
    (await evaluate({ type: "rouge-l", threshold: 0.67 }, row)).passed,
    false,
  );
});

Deno.test("rouge-l weighs recall with beta", async () => {
  const row = { response: "a b", reference: "a b c d" };
  const { score } = await evaluate({ type: "rouge-l", beta: 2 }, row);
  assertEquals(score, 5 * 1 * 0.5 / (0.5 + 4 * 1));
});

Deno.test("rouge-l takes no notice of case and punctuation", async () => {
  assertEquals(await scoreOf("Hello, World!", "hello world"), "1.0000000");
});

Deno.test("rouge-l scores a response without words 0", async () => {
  assertEquals(await scoreOf("", "a b"), "0.0000000");
  assertEquals(await scoreOf("…!", "a b"), "0.0000000");
});

Deno.test("rouge-l gives an error when the reference has no words", async () => {
  assertEquals(
    (await evaluate("rouge-l", { reference: "—" })).error,
    "Cannot score: the reference has no words",
  );
});

Deno.test("rouge-l compares the beginning of huge texts, and says so", async () => {
  const score = await evaluate("rouge-l", {
    response: "a ".repeat(1_000_000),
    reference: "a ".repeat(9_999) + "b",
  });
  assertEquals(score.score, 0.9999);
  assertMatch(score.explanation!, /; only the first 10000 words compared$/);
});
