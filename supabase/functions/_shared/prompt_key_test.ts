import { assertEquals, assertStrictEquals } from "@std/assert";
import vectors from "../../tests/prompt_key_vectors.json" with { type: "json" };
import { type Asked, promptKey, withKey } from "./prompt_key.ts";

for (const { why, key, ...prompt } of vectors) {
  Deno.test(`promptKey(): ${why}`, () => {
    assertStrictEquals(promptKey(prompt as Asked), key);
  });
}

Deno.test("promptKey() reads what Postgres cannot store as U+FFFD", () => {
  assertStrictEquals(
    promptKey({ text: "a\0b" }),
    promptKey({ text: "a\ufffdb" }),
  );
  assertStrictEquals(
    promptKey({ text: "a\ud83d" }),
    promptKey({ text: "a\ufffd" }),
  );
});

Deno.test("withKey() adds the key of text and messages", () => {
  const found = {
    text: "and then?",
    messages: [{ role: "user" as const, content: "first" }],
    source: { path: "a", format: "f", position: 0 },
  };
  assertEquals(withKey(found), { key: promptKey(found), ...found });
});
