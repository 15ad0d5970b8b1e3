import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import type { Message, Prompt } from "./prompt.ts";

/** What a key is made of. */
export type Asked = Pick<Prompt, "text" | "messages">;

/**
 * What was asked, by which prompts of different runs are compared: the first 32 hexadecimal digits of
 * a SHA-256 over role and content of the user and assistant turns that travel along, and the text.
 * Each part goes in behind its size: `5:hello`. The function of the same name in SQL and
 * `tests/prompt_key_vectors.json` say the same.
 */
export function promptKey({ text, messages = [] }: Asked): string {
  return createHash("sha256").update(toParts(messages) + toPart(text))
    .digest("hex").slice(0, 32);
}

/**
 * Builds a `promptKey()` for the prompts of a conversation: the turns that one has in common with the
 * one before it are not hashed again, or a long conversation would be hashed as often as it has turns.
 */
export function createPromptKeys(): (asked: Asked) => string {
  let before: Message[] = [];
  let hashed = createHash("sha256");
  return ({ text, messages = [] }) => {
    if (!goesOn(messages, before)) {
      before = [];
      hashed = createHash("sha256");
    }
    hashed.update(toParts(messages.slice(before.length)));
    before = messages;
    return hashed.copy().update(toPart(text)).digest("hex").slice(0, 32);
  };
}

function goesOn(messages: Message[], before: Message[]): boolean {
  return before.length <= messages.length &&
    before.every(({ role, content }, index) =>
      messages[index].role === role && messages[index].content === content
    );
}

function toParts(messages: Message[]): string {
  let parts = "";
  for (const { role, content } of messages) {
    if (role !== "system") parts += toPart(role) + toPart(content);
  }
  return parts;
}

function toPart(text: string): string {
  const same = normalise(text);
  return `${Buffer.byteLength(same)}:${same}`;
}

/** Programs store the same text with other line ends and Unicode forms; Postgres stores no NUL. */
function normalise(text: string): string {
  return text.toWellFormed().replaceAll("\0", "\ufffd").normalize("NFC")
    .replaceAll("\r\n", "\n").replaceAll("\r", "\n").trim();
}
