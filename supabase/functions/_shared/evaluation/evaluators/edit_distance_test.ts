import { assertEquals, assertMatch } from "@std/assert";
import { evaluate } from "../testing/evaluate.ts";

Deno.test("edit-distance scores one minus edits by the longer length", async () => {
  assertEquals(
    await evaluate("edit-distance", {
      response: "sitting",
      reference: "kitten",
    }),
    {
      evaluator: "edit-distance",
      score: 1 - 3 / 7,
      passed: false,
      explanation: "3 edits in 7 characters",
    },
  );
});

Deno.test("edit-distance passes from the threshold on", async () => {
  const row = { response: "abcd", reference: "abcx" };
  const passes = async (threshold: number) =>
    (await evaluate({ type: "edit-distance", threshold }, row)).passed;
  assertEquals(await passes(0.75), true);
  assertEquals(await passes(0.76), false);
});

Deno.test("edit-distance counts words when told to", async () => {
  const config = { type: "edit-distance", unit: "words", ignoreCase: true };
  const score = await evaluate(config, {
    response: "The cat sat on a mat",
    reference: "the cat sat on the mat.",
  });
  assertEquals(score.score, 1 - 1 / 6);
  assertEquals(score.explanation, "1 edits in 6 words");
});

Deno.test("edit-distance takes composed and decomposed letters as the same", async () => {
  const row = { response: "cafe\u0301", reference: "caf\u00e9" };
  assertEquals((await evaluate("edit-distance", row)).score, 1);
});

Deno.test("edit-distance takes a character outside the basic plane for one", async () => {
  const row = { response: "a👍", reference: "a👎🎉" };
  const { explanation } = await evaluate("edit-distance", row);
  assertEquals(explanation, "2 edits in 3 characters");
});

Deno.test("edit-distance scores an empty response 0", async () => {
  assertEquals((await evaluate("edit-distance", { response: "" })).score, 0);
});

Deno.test("edit-distance takes texts without words for equal in words", async () => {
  const config = { type: "edit-distance", unit: "words" };
  const score = await evaluate(config, { response: "!", reference: "?" });
  assertEquals(score.score, 1);
});

Deno.test("edit-distance compares the beginning of huge texts, and says so", async () => {
  const score = await evaluate("edit-distance", {
    response: "a".repeat(4000) + "x".repeat(1_000_000),
    reference: "a".repeat(4000) + "y".repeat(1_000_000),
  });
  assertEquals(score.score, 1);
  assertMatch(score.explanation!, /; only the first 4000 compared$/);
});

Deno.test("edit-distance in words compares the beginning of huge texts, and says so", async () => {
  const score = await evaluate({ type: "edit-distance", unit: "words" }, {
    response: "漢 ".repeat(60_000),
    reference: Array.from({ length: 5000 }, (_, i) => `w${i}`).join(" "),
  });
  assertEquals(score.score, 0);
  assertEquals(
    score.explanation,
    "4000 edits in 4000 words; only the first 4000 compared",
  );
});
