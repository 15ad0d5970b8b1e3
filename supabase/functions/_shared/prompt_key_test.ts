import { equal } from "node:assert/strict";
import vectors from "../../tests/prompt_key_vectors.json" with { type: "json" };
import type { Message } from "./prompt.ts";
import { type Asked, createPromptKeys, promptKey } from "./prompt_key.ts";

for (const { why, key, ...prompt } of vectors) {
  Deno.test(`promptKey(): ${why}`, () => {
    equal(promptKey(prompt as Asked), key);
  });
}

Deno.test("promptKey() reads what Postgres cannot store as U+FFFD", () => {
  equal(promptKey({ text: "a\0b" }), promptKey({ text: "a\ufffdb" }));
  equal(promptKey({ text: "a\ud83d" }), promptKey({ text: "a\ufffd" }));
});

Deno.test("createPromptKeys() gives the same key whatever came before", () => {
  const turn = (content: string): Message => ({ role: "user", content });
  const [a, b, c] = ["a", "b", "c"].map(turn);
  const keyOf = createPromptKeys();
  for (
    const messages of [
      [],
      [a],
      [a, b],
      [a, b],
      [a, c],
      [a],
      [{ ...a, role: "assistant" as const }, b],
      [{ ...a, role: "system" as const }, b],
      [turn("a"), b],
      undefined,
    ]
  ) {
    const asked = { text: "and then?", messages };
    equal(keyOf(asked), promptKey(asked));
  }
});
