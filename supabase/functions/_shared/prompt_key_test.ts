import { equal } from "node:assert/strict";
import vectors from "../../tests/prompt_key_vectors.json" with { type: "json" };
import type { Prompt } from "./prompt.ts";
import { promptKey } from "./prompt_key.ts";

for (const { why, key, ...prompt } of vectors) {
  Deno.test(`promptKey(): ${why}`, () => {
    equal(promptKey(prompt as Pick<Prompt, "text" | "messages">), key);
  });
}

Deno.test("promptKey() reads what Postgres cannot store as U+FFFD", () => {
  equal(promptKey({ text: "a\0b" }), promptKey({ text: "a\ufffdb" }));
  equal(promptKey({ text: "a\ud83d" }), promptKey({ text: "a\ufffd" }));
});
