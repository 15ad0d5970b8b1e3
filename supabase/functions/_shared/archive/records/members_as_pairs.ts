import { skipSpace } from "./object_keys.ts";

const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const COLON = 0x3a;
const COMMA = 0x2c;
const QUOTE = 0x22;

/**
 * Rewrites, in place, one member of a JSON object from `{"a": 1, "b": 2}` to `["a", 1, "b", 2]`. An
 * object with its own keys in every record leaves them in V8's tables until a full collection: ten
 * times the memory for ChatGPT's `mapping`. `places` are the marks of `findValueEnd`.
 */
export function membersAsPairs(
  bytes: Uint8Array,
  key: string,
  places: readonly number[],
): void {
  let inside = false;
  for (const place of places) {
    const byte = bytes[place];
    if (inside && byte === COLON) bytes[place] = COMMA;
    else if (inside && byte === CLOSE_OBJECT) {
      bytes[place] = CLOSE_LIST;
      return;
    } else if (byte === OPEN_OBJECT && followsKey(bytes, place, key)) {
      bytes[place] = OPEN_LIST;
      inside = true;
    }
  }
}

function followsKey(bytes: Uint8Array, place: number, key: string): boolean {
  let at = spaceBefore(bytes, place);
  if (bytes[at - 1] !== COLON) return false;
  at = spaceBefore(bytes, at - 1) - key.length - 2;
  if (at < 0 || bytes[at] !== QUOTE || bytes[at + key.length + 1] !== QUOTE) {
    return false;
  }
  for (let index = 0; index < key.length; index++) {
    if (bytes[at + 1 + index] !== key.charCodeAt(index)) return false;
  }
  return true;
}

/** Index after the last byte before `at` that is no white space. */
function spaceBefore(bytes: Uint8Array, at: number): number {
  let before = at;
  while (before > 0 && skipSpace(bytes, before - 1, before) === before) {
    before--;
  }
  return before;
}
