import type { FoundPrompt } from "../../prompt.ts";
import type { Redaction } from "../options.ts";
import { createRedactor } from "./redact.ts";

/**
 * Redacts everything of a prompt that a person wrote or a model answered: text, earlier turns,
 * reference, title and attachments. `metadata.redacted` counts what was replaced, by kind.
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
