import type { Json, JsonObject } from "../json.ts";
import { parseJson } from "./parse_json.ts";
import { scanMembers, skipSpace, skipValue } from "./object_keys.ts";

/** A list of conversations inside an object, and the scalars that stand before it. */
export interface ListWrapper {
  path: string[];
  header: JsonObject;
}

// Where programs put the list of conversations when the file is one object.
const PATHS = [
  ["conversations"],
  ["history"],
  ["chats"],
  ["sessions"],
  ["data", "chats"],
  ["chat-next-web-store", "sessions"],
  // Hugging Face's viewer, promptfoo and Inspect.
  ["rows"],
  ["results", "results"],
  ["samples"],
];

// What the entries of such a list have; the same keys also hold messages (ShareGPT, Copilot CLI).
const CONVERSATION_KEYS = new Set([
  "messages",
  "responses",
  "mapping",
  "chat_messages",
  "conversation",
  "row",
  "testCase",
  "epoch",
]);

/**
 * Looks for a list of conversations in the object that begins at `from`, so that it can be read
 * entry by entry instead of as one record. `at` is the index of its opening bracket. Undefined when
 * there is none within the bytes, or when its entries are messages.
 */
export function findWrappedList(
  bytes: Uint8Array,
  from: number,
  to: number,
): { wrapper: ListWrapper; at: number } | undefined {
  const header: JsonObject = Object.create(null);
  for (const { key, at } of scanMembers(bytes, from, to)) {
    const scalar = scalarAt(bytes, at, to);
    if (scalar !== undefined) {
      header[key] = scalar;
      continue;
    }
    for (const path of PATHS) {
      if (path[0] !== key) continue;
      const list = path.length === 1 ? at : memberAt(bytes, at, to, path[1]);
      if (list !== undefined && holdsConversations(bytes, list, to)) {
        return { wrapper: { path, header: { ...header } }, at: list };
      }
    }
  }
  return undefined;
}

/** The record as it would be in an object with this one entry: formats read both the same way. */
export function wrapRecord(record: Json, wrapper: ListWrapper): JsonObject {
  let inside: Json = [record];
  for (const key of wrapper.path.slice(1).reverse()) inside = { [key]: inside };
  return { ...wrapper.header, [wrapper.path[0]]: inside };
}

function memberAt(
  bytes: Uint8Array,
  from: number,
  to: number,
  name: string,
): number | undefined {
  if (bytes[from] !== 0x7b) return undefined;
  for (const { key, at } of scanMembers(bytes, from, to)) {
    if (key === name) return at;
  }
  return undefined;
}

function holdsConversations(
  bytes: Uint8Array,
  list: number,
  to: number,
): boolean {
  if (bytes[list] !== 0x5b) return false;
  const first = skipSpace(bytes, list + 1, to);
  if (bytes[first] !== 0x7b) return false;
  for (const { key } of scanMembers(bytes, first, to)) {
    if (CONVERSATION_KEYS.has(key)) return true;
  }
  return false;
}

const LONGEST_SCALAR = 256;
const decoder = new TextDecoder();

function scalarAt(
  bytes: Uint8Array,
  at: number,
  to: number,
): Json | undefined {
  if ((bytes[at] | 0x20) === 0x7b) return undefined;
  const end = skipValue(bytes, at, to);
  if (end < 0 || end - at > LONGEST_SCALAR) return undefined;
  try {
    return parseJson(decoder.decode(bytes.subarray(at, end)));
  } catch {
    // Not JSON: whoever parses the whole record says so.
    return undefined;
  }
}
