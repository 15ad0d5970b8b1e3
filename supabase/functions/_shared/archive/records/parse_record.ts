import type { Json } from "../json.ts";
import { parseJson } from "./parse_json.ts";

const decoder = new TextDecoder();
const strictDecoder = new TextDecoder("utf-8", { fatal: true });

export type ParsedRecord =
  | { value: Json; damaged: boolean }
  | { reason: string };

/** Parses one record; `damaged` when bytes that are not UTF-8 came out as U+FFFD. */
export function parseRecord(bytes: Uint8Array): ParsedRecord {
  try {
    const text = decoder.decode(bytes);
    const value = parseJson(text);
    // The strict decoder takes twice as long, so only records with a replacement character pay it.
    return { value, damaged: text.includes("\uFFFD") && !isUtf8(bytes) };
  } catch (error) {
    return { reason: reasonOf(error) };
  }
}

/** True when the bytes decode without a replacement character. */
export function isUtf8(bytes: Uint8Array): boolean {
  try {
    strictDecoder.decode(bytes);
    return true;
  } catch {
    return false;
  }
}

// V8 quotes the text around the error, which may be anything a user typed: only the place is told.
function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const place = /at position (\d+)/.exec(message)?.[1];
  const what = message.startsWith("Unexpected end") ||
      message.startsWith("Unterminated") ||
      message.startsWith("Expected")
    ? message.split(" in JSON")[0].split(" (")[0]
    : "Unexpected text";
  return place === undefined ? what : `${what}, byte ${place} of the record`;
}
