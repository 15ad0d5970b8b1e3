import { findStringEnd } from "./string_end.ts";
import { findValueEnd, type ValueSearch } from "./value_end.ts";

/** One member of an object that is scanned, not parsed: `at` is where its value begins. */
export interface ScannedMember {
  key: string;
  at: number;
}

const QUOTE = 0x22;
const COLON = 0x3a;
const COMMA = 0x2c;
const decoder = new TextDecoder();

/** First index at or after `at` that is no white space. */
export function skipSpace(bytes: Uint8Array, at: number, to: number): number {
  while (
    at < to &&
    (bytes[at] === 0x20 || (bytes[at] >= 0x09 && bytes[at] <= 0x0d))
  ) at++;
  return at;
}

/**
 * The members of the object that begins at `from`, as far as the bytes go: a value that is not held
 * to its end is the last one told.
 */
export function* scanMembers(
  bytes: Uint8Array,
  from: number,
  to: number,
): Generator<ScannedMember> {
  let at = from + 1;
  for (;;) {
    at = skipSpace(bytes, at, to);
    if (at >= to || bytes[at] !== QUOTE) return;
    const search: ValueSearch = { depth: 0, inString: false, at };
    const keyEnd = findStringEnd(bytes, at + 1, to, search);
    if (keyEnd < 0) return;
    const colon = skipSpace(bytes, keyEnd, to);
    if (bytes[colon] !== COLON || colon >= to) return;
    const value = skipSpace(bytes, colon + 1, to);
    if (value >= to) return;
    yield {
      key: decoder.decode(bytes.subarray(at + 1, keyEnd - 1)),
      at: value,
    };
    const end = skipValue(bytes, value, to);
    if (end < 0) return;
    at = skipSpace(bytes, end, to);
    if (bytes[at] !== COMMA) return;
    at++;
  }
}

/** Index after the value that begins at `at`, or -1 when the bytes end first. */
export function skipValue(bytes: Uint8Array, at: number, to: number): number {
  const byte = bytes[at];
  const search: ValueSearch = { depth: 0, inString: false, at };
  if (byte === QUOTE) return findStringEnd(bytes, at + 1, to, search);
  if ((byte | 0x20) === 0x7b) return findValueEnd(bytes, to, search);
  while (at < to && !endsScalar(bytes[at])) at++;
  return at < to ? at : -1;
}

/** True for a byte that ends a number, true, false or null. */
export function endsScalar(byte: number): boolean {
  return byte <= 0x20 || byte === COMMA || byte === 0x5d || byte === 0x7d ||
    byte === 0x5b || byte === 0x7b || byte === QUOTE;
}
