import type { FoundPrompt } from "../../prompt.ts";
import type { Redaction } from "../options.ts";
import { createRedactor } from "./redact.ts";

type Metadata = Record<string, unknown>;

/**
 * Redacts everything of a prompt that a person wrote or a model answered: text, earlier turns,
 * reference, title, attachments and the texts of the metadata, which templates send. `metadata.redacted` counts what was replaced, by kind.
 */
export function redactPrompt(
  prompt: FoundPrompt,
  kinds: readonly Redaction[],
): void {
  const { redact, counts } = createRedactor(kinds);
  prompt.text = redact(prompt.text);
  for (const message of prompt.messages ?? []) {
    message.content = redact(message.content);
  }
  if (prompt.reference !== undefined) {
    prompt.reference = redact(prompt.reference);
  }
  if (prompt.metadata !== undefined) {
    prompt.metadata = redactTexts(prompt.metadata, redact) as Metadata;
  }
  const { conversation, attachments } = prompt.source;
  if (conversation?.title !== undefined) {
    conversation.title = redact(conversation.title);
  }
  for (const file of attachments ?? []) {
    if (file.name !== undefined) file.name = redact(file.name);
    if (file.text !== undefined) file.text = redact(file.text);
  }
  if (Object.keys(counts).length > 0) {
    prompt.metadata = { ...prompt.metadata, redacted: counts };
  }
}

function redactTexts(
  value: unknown,
  redact: (text: string) => string,
): unknown {
  if (typeof value === "string") return redact(value);
  if (Array.isArray(value)) {
    return value.map((entry) => redactTexts(entry, redact));
  }
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .map(([name, member]) => [name, redactTexts(member, redact)]),
  );
}
