import { createHash } from "node:crypto";
import type { PromptEvent } from "../archive_event.ts";

/**
 * Names where a prompt stands, 32 hexadecimal digits: the bytes of the file do not belong to it. A
 * newer export at the same path adds only its new prompts, a copy at another path all of them.
 */
export function placeOf(
  { prompt, conversation, message }: PromptEvent,
): string {
  const { bucket = "", path, entry = "" } = prompt.source;
  // The id "1" is not the number 1.
  const place = JSON.stringify([bucket, path, entry, conversation, message]);
  return createHash("sha256").update(place).digest("hex").slice(0, 32);
}
