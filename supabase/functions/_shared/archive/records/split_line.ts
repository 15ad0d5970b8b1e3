import { skipSpace, skipValue } from "./object_keys.ts";
import { parseRecord } from "./parse_record.ts";
import type { Json } from "../json.ts";

/**
 * The objects of a line that holds several, `{…}{…}` or `{…}, {…},`, with their places in it;
 * undefined when anything else is in between.
 */
export function splitLine(
  line: Uint8Array,
): { at: number; size: number; value: Json; damaged: boolean }[] | undefined {
  const values = [];
  for (let at = skipSpace(line, 0, line.length); at < line.length;) {
    if ((line[at] | 0x20) !== 0x7b) return undefined;
    const end = skipValue(line, at, line.length);
    if (end < 0) return undefined;
    const parsed = parseRecord(line.subarray(at, end));
    if (!("value" in parsed)) return undefined;
    values.push({ at, size: end - at, ...parsed });
    at = skipSpace(line, end, line.length);
    if (line[at] === 0x2c) at = skipSpace(line, at + 1, line.length);
  }
  return values.length > 0 ? values : undefined;
}
