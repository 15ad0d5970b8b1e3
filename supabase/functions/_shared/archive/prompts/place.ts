import { createHash } from "node:crypto";
import { promptKey } from "../../prompt_key.ts";
import type { PromptEvent } from "../archive_event.ts";

// Three bytes each at most: an entry of an index must stay below 2,700.
const MOST_CHARACTERS = 200;

/**
 * Names where a prompt stands: bucket, path, entry, conversation and message as JSON, or 32 hexadecimal
 * digits where that is long. The bytes of the file do not belong to it: a newer export at the same
 * path adds only its new prompts, a copy at another path all of them.
 */
export function placeOf(
  { prompt, conversation, message }: PromptEvent,
): string {
  const { bucket = "", path, entry = "" } = prompt.source;
  // The id "1" is not the number 1.
  const parts = [bucket, path, entry, conversation, message];
  // Ids of conversations can be repeated in a file. Where only the position is left to tell their
  // prompts apart, what is asked belongs to it, so that none replaces another.
  if (typeof conversation === "string" && typeof message === "number") {
    parts.push(promptKey(prompt));
  }
  const place = JSON.stringify(parts);
  if (place.length <= MOST_CHARACTERS) return place;
  return createHash("sha256").update(place).digest("hex").slice(0, 32);
}
