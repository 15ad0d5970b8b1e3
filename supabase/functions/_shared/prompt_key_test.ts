import { assertEquals, assertStrictEquals } from "@std/assert";
import { createHash } from "node:crypto";
import vectors from "../../tests/prompt_key_vectors.json" with { type: "json" };
import { type Asked, promptKey, withKey } from "./prompt_key.ts";

for (const { why, key, ...prompt } of vectors) {
  Deno.test(`promptKey(): ${why}`, () => {
    assertStrictEquals(promptKey(prompt as Asked), key);
  });
}

// Comparisons pair what was stored years apart by it. More vectors may come after these.
Deno.test("the vectors of version 1.0.0 are as they were released", () => {
  assertStrictEquals(
    createHash("sha256").update(JSON.stringify(vectors.slice(0, 36)))
      .digest("hex"),
    "70aa7248f6f6e28fdf56ee9bfe6f70fed97e682a957c9c77fce6ab213080a62f",
  );
});

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
