import { equal, notEqual } from "node:assert/strict";
import { createPromptKey } from "./prompt_key.ts";

const keysOf = createPromptKey({ root: "bucket", path: "chats.json" });

Deno.test("createPromptKey() gives every message a key of 32 characters", () => {
  const messages = ["id", "0", "1", 0, 1, 2 ** 31];
  const conversations = ["talk", "0", 0, 1];
  const keys = conversations.flatMap((conversation) =>
    messages.map((message) => keysOf(conversation)(message))
  );
  equal(new Set(keys).size, messages.length * conversations.length);
  for (const key of keys) equal(/^[0-9a-f]{32}$/.test(key), true);
});

Deno.test("createPromptKey() tells archives apart and nothing else", () => {
  const key = keysOf("talk")("id");
  equal(
    createPromptKey({ root: "bucket", path: "chats.json" })("talk")("id"),
    key,
  );
  const others = [
    { root: "bucket", path: "chats.json", entry: "conversations.json" },
    { root: "bucket", path: "other.json" },
    { root: "other", path: "chats.json" },
  ];
  for (const other of others) {
    notEqual(createPromptKey(other)("talk")("id"), key);
    notEqual(createPromptKey(other)("talk")(0), keysOf("talk")(0));
  }
});
