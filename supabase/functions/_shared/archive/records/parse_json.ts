import type { Json } from "../json.ts";
import { quoteLongIntegers } from "../../quote_long_integers.ts";
import { replaceOutsideStrings } from "../../replace_outside_strings.ts";

/**
 * `JSON.parse`, with U+FFFD for every U+0000 that an escape writes, because Postgres stores no text
 * with one, with integers that a JavaScript number cannot hold as text, because they are ids, and with
 * null for NaN and infinities. Done before parsing because to look for it in every text of a conversation
 * costs a quarter of what parsing does, and the digits of the escape are rare in archives.
 */
export function parseJson(text: string): Json {
  const exact = quoteLongIntegers(text);
  const storable = exact.includes("0000") && exact.includes("\\u0000")
    ? exact.replace(ESCAPES, (escape) => escape === NUL ? "\\ufffd" : escape)
    : exact;
  try {
    return JSON.parse(storable);
  } catch (error) {
    const strict = replaceOutsideStrings(storable, NO_NUMBERS, () => "null");
    if (strict === storable) throw error;
    return JSON.parse(strict);
  }
}

// Python writes them, and so do Inspect's logs: UKGovernmentBEIS/inspect_ai#4580.
const NO_NUMBERS = /-?\b(?:NaN|Infinity)\b/g;

const NUL = "\\u0000";
// Every escape is matched, so that the "u0000" behind an escaped backslash is left alone.
const ESCAPES = /\\(?:u[0-9a-fA-F]{4}|.)/g;
