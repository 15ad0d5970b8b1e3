import { isObject, type Json } from "../json.ts";
import type { ArchiveFormat } from "./format.ts";
import { bareMessageLists, bareMessages } from "./bare_messages.ts";
import { chatgpt } from "./chatgpt.ts";
import { claudeAi } from "./claude_ai.ts";
import { conversationList } from "./conversation_list.ts";
import { openaiMessages } from "./openai_messages.ts";

/** Every format, the most specific first: where two match, the earlier one reads the record. */
export const formats: readonly ArchiveFormat[] = [
  chatgpt,
  claudeAi,
  conversationList,
  openaiMessages,
  bareMessageLists,
  bareMessages,
];

/**
 * The format of a file by several of its records, because the first may be a header, a broken one
 * or of another shape; undefined when none is known.
 */
export function formatOf(records: readonly Json[]): ArchiveFormat | undefined {
  return formats.find((format) =>
    records.some((record) => format.matches(record))
  );
}

/** The keys of a record that no format knows, for the error that names them. */
export function describeShape(record: Json): string {
  if (Array.isArray(record)) return "a list";
  if (!isObject(record)) return record === null ? "null" : `a ${typeof record}`;
  const keys = Object.keys(record);
  const shown = keys.slice(0, 12)
    .map((key) => key.length > 40 ? `${key.slice(0, 40)}…` : key).join(", ");
  return keys.length === 0
    ? "an object without keys"
    : `an object with the keys ${shown}${keys.length > 12 ? ", …" : ""}`;
}
