import type { Json } from "../json.ts";

/**
 * `JSON.parse`, with U+FFFD for every U+0000 that an escape writes: Postgres stores no text with one.
 * Done before parsing because to look for it in every text of a conversation costs a quarter of what
 * parsing does, and the digits of the escape are rare in archives.
 */
export function parseJson(text: string): Json {
  return JSON.parse(
    text.includes("0000") && text.includes("\\u0000")
      ? text.replace(ESCAPES, (escape) => escape === NUL ? "\\ufffd" : escape)
      : text,
  );
}

const NUL = "\\u0000";
// Every escape is matched, so that the "u0000" behind an escaped backslash is left alone.
const ESCAPES = /\\(?:u[0-9a-fA-F]{4}|.)/g;
