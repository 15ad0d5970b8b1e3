import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import type { Prompt } from "./prompt.ts";

/**
 * What was asked, by which prompts of different runs are compared: the first 32 hexadecimal digits of
 * a SHA-256 over role and content of the user and assistant turns that travel along, and the text.
 * Each part goes in behind its size: `5:hello`. The function of the same name in SQL and
 * `tests/prompt_key_vectors.json` say the same.
 */
export function promptKey(
  { text, messages = [] }: Pick<Prompt, "text" | "messages">,
): string {
  let parts = "";
  for (const { role, content } of messages) {
    if (role !== "system") parts += toPart(role) + toPart(content);
  }
  return createHash("sha256").update(parts + toPart(text)).digest("hex")
    .slice(0, 32);
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
