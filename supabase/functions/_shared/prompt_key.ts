import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import type { FoundPrompt, Message, Prompt } from "./prompt.ts";
import { variableText } from "./template/variable_text.ts";

/** What a key is made of. */
export type Asked = Pick<FoundPrompt, "text" | "messages" | "metadata">;

/**
 * What was asked, by which prompts of different runs are compared: the first 32 hexadecimal digits of
 * a SHA-256 over role and content of the user and assistant turns that travel along, and the text.
 * Of a prompt without text the names and values of its variables take the place of the text, in the
 * order of the names. Each part goes in behind its size: `5:hello`. The function of the same name in SQL and
 * `tests/prompt_key_vectors.json` say the same.
 */
export function promptKey({ text, messages = [], metadata }: Asked): string {
  const variables = text === "" ? toVariableParts(metadata ?? {}) : "";
  return createHash("sha256")
    .update(toParts(messages) + (variables || toPart(text)))
    .digest("hex").slice(0, 32);
}

/** The key that a found prompt has: the one that the user gave, or what was asked. */
export function keyOf(prompt: FoundPrompt): string {
  return prompt.key ?? promptKey(prompt);
}

/** A found prompt as it is given out. The key costs more than finding it, so reading does without. */
export function withKey(prompt: FoundPrompt): Prompt {
  return { key: promptKey(prompt), ...prompt };
}

function toParts(messages: Message[]): string {
  let parts = "";
  for (const { role, content } of messages) {
    if (role !== "user" && role !== "assistant") continue;
    parts += toPart(role) + toPart(content ?? "");
  }
  return parts;
}

function toVariableParts(variables: Record<string, unknown>): string {
  return Object.keys(variables)
    .sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    .map((name) => toPart(name) + toPart(variableText(variables[name])))
    .join("");
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
