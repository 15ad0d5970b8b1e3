import { assertEquals, assertMatch } from "@std/assert";
import * as z from "zod";
import { said } from "../testing/evaluate.ts";
import { createQuestion } from "./question.ts";

const question = createQuestion({
  judge: { endpoint: "judge", parameters: {} },
  prompt: "?",
  answerSchema: z.object({ score: z.number() }),
  toVerdict: ({ score }) => ({ score, explanation: `\0${"e".repeat(5000)}` }),
});

Deno.test("createQuestion() reads JSON alone and in a code block", () => {
  for (const text of ['{"score": 3}', '\n```json\n{"score": 3}\n```\n']) {
    assertEquals(question.read(said(text)).score, 3);
  }
});

Deno.test("createQuestion() makes a vote fit for Postgres and bounds its length", () => {
  const { explanation } = question.read(said('{"score": 3}'));
  assertEquals(explanation!.length, 2000);
  assertEquals(explanation![0], "\ufffd");
});

Deno.test("createQuestion() refuses an answer with words around it", () => {
  for (
    const text of [
      'Sure! {"score": 3}',
      '{"score": 3} {"score": 5}',
      '```\n{"score": 3}\n```\nand\n```\n{"score": 5}\n```',
      "",
    ]
  ) {
    assertMatch(
      question.read(said(text)).error!,
      /did not answer in the form/,
      text,
    );
  }
});

Deno.test("createQuestion() quotes an answer of another form", () => {
  assertEquals(question.read(said('{"score": "three"}')), {
    error: 'Cannot score: the judge at "judge" did not answer in the form ' +
      "it was asked for: ✖ Invalid input: expected number, received string " +
      '→ at score; it said: {"score": "three"}',
  });
});

Deno.test("createQuestion() says what to do about an answer that was cut off", () => {
  const cut = { text: '{"reason": "It', finishReason: "length" as const };
  assertMatch(
    question.read(cut).error!,
    /it was cut off: raise maxTokens in parameters/,
  );
});
