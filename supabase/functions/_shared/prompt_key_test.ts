import { deepEqual, equal } from "node:assert/strict";
import vectors from "../../tests/prompt_key_vectors.json" with { type: "json" };
import { type Asked, promptKey, withKey } from "./prompt_key.ts";

for (const { why, key, ...prompt } of vectors) {
  Deno.test(`promptKey(): ${why}`, () => {
    equal(promptKey(prompt as Asked), key);
  });
}

Deno.test("promptKey() reads what Postgres cannot store as U+FFFD", () => {
  equal(promptKey({ text: "a\0b" }), promptKey({ text: "a\ufffdb" }));
  equal(promptKey({ text: "a\ud83d" }), promptKey({ text: "a\ufffd" }));
});

Deno.test("withKey() adds the key of text and messages", () => {
  const found = {
    text: "and then?",
    messages: [{ role: "user" as const, content: "first" }],
    source: { path: "a", format: "f", position: 0 },
  };
  deepEqual(withKey(found), { key: promptKey(found), ...found });
});
