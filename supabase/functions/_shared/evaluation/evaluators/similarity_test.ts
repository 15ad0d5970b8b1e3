import { assertEquals, assertMatch } from "@std/assert";
import { packVector } from "../../model/embedding_vector.ts";
import type { TextsToEmbed } from "../judging/question.ts";
import { evaluate, questionsOf } from "../testing/evaluate.ts";

const config = { type: "similarity", endpoint: "openai", model: "e-3" };

async function ask(row: object, fields: object = {}): Promise<TextsToEmbed> {
  const [question] = await questionsOf({ ...config, ...fields }, row);
  return question as unknown as TextsToEmbed;
}

Deno.test("similarity asks for the embeddings of the response and the reference", async () => {
  const { judge, texts } = await ask(
    { response: "Paris.", reference: "Paris" },
    { parameters: { dimensions: 256 } },
  );
  assertEquals(judge, {
    endpoint: "openai",
    model: "e-3",
    parameters: { dimensions: 256 },
  });
  assertEquals(texts, ["Paris.", "Paris"]);
});

Deno.test("similarity scores the cosine and passes from the threshold on", async () => {
  const { compare } = await ask({ response: "Paris.", reference: "Paris" });
  const near = compare([packVector([1, 0]), packVector([0.8, 0.6])]);
  assertEquals(near, { score: 0.8, passed: true });
  const far = compare([packVector([1, 0]), packVector([0.6, 0.8])]);
  assertEquals(far, { score: 0.6, passed: false });
  const opposite = compare([packVector([1, 0]), packVector([-1, 0])]);
  assertEquals(opposite, { score: 0, passed: false });
});

Deno.test("similarity says when the model has changed under its name", async () => {
  const { compare } = await ask({ response: "Paris.", reference: "Paris" });
  const { error } = compare([packVector([1]), packVector([1, 0])]);
  assertMatch(error!, /of different length/);
});

Deno.test("similarity asks nobody about equal and blank texts, and needs a reference", async () => {
  assertEquals(
    await evaluate(config, { response: "Rome", reference: "Rome" }),
    {
      evaluator: "similarity",
      score: 1,
      passed: true,
      explanation: "equal",
    },
  );
  assertEquals(
    (await evaluate(config, { response: " \n", reference: "Rome" })).score,
    0,
  );
  assertMatch(
    (await evaluate(config, { reference: null })).error!,
    /no reference/,
  );
});
