import { isObject, type Json } from "../json.ts";
import { parseRecord } from "./parse_record.ts";
import { isActivityPage } from "./activity_page.ts";
import { skipSpace } from "./object_keys.ts";
import { cutRow, findTable, type Table } from "./table.ts";
import { findWrappedList, type ListWrapper } from "./wrapped_list.ts";

/**
 * How records lie in a file: entries of a list, values one after the other (over any number of
 * lines), one per line, where a broken one is known to end with its line, rows of a CSV file, or
 * activities on a page of Google's.
 */
export type Layout = "list" | "values" | "lines" | "rows" | "activities";

/** What the start of a file says: `at` is the index where the first record, or its comma, may begin. */
export interface FoundLayout {
  layout: Layout;
  at: number;
  wrapper?: ListWrapper;
  table?: Table;
}

/** How much of a file is looked at to tell its layout. */
export const LAYOUT_BYTES = 64 * 1024;

const LIST = 0x5b;
const OBJECT = 0x7b;

/**
 * Tells the layout from the first bytes, `complete` when they are the whole file; undefined when
 * this is not JSON. `isTable`: what is no JSON is a table, even of one column. The first line may be the broken one, so several are tried.
 */
export function findLayout(
  bytes: Uint8Array,
  from: number,
  to: number,
  complete: boolean,
  isTable = false,
): FoundLayout | undefined {
  const start = skipSpace(bytes, skipByteOrderMark(bytes, from), to);
  const first = bytes[start];
  if (first === OBJECT) {
    const list = findWrappedList(bytes, start, to);
    if (list !== undefined) {
      return { layout: "list", at: list.at + 1, wrapper: list.wrapper };
    }
  }
  const lines = firstLines(bytes, start, to, complete);
  if (first === LIST) {
    // A list on its own line is the file; several are one conversation each.
    return lines.length > 1 && lines.every(Array.isArray)
      ? { layout: "lines", at: start }
      : { layout: "list", at: start + 1 };
  }
  const objects = lines.filter((line) => isObject(line ?? null)).length;
  if (first === OBJECT) {
    const ownLine = isObject(lines[0] ?? null) || (objects > 0 &&
      skipSpace(bytes, start + 1, to) < endOfLine(bytes, start, to));
    return { layout: ownLine ? "lines" : "values", at: start };
  }
  return objects > 0 || lines.some(Array.isArray)
    ? { layout: "lines", at: start }
    : findOther(bytes, start, to, isTable);
}

/** What is no JSON and can be read all the same. */
function findOther(
  bytes: Uint8Array,
  start: number,
  to: number,
  isTable: boolean,
): FoundLayout | undefined {
  const whole = decoder.decode(bytes.subarray(start, to));
  // Excel's line of its own about the delimiter; the names tell it as well.
  const [hint = ""] = /^sep=.\r?\n/i.exec(whole) ?? [];
  const text = whole.slice(hint.length);
  if (isActivityPage(text)) return { layout: "activities", at: start };
  const table = findTable(text, isTable);
  if (table === undefined) return undefined;
  const [names] = cutRow(text);
  const at = start + hint.length + encoder.encode(names).length + 1;
  return { layout: "rows", at, table };
}

const decoder = new TextDecoder();
const encoder = new TextEncoder();

const MOST_LINES = 32;

/** The first lines that are not blank, parsed; undefined for one that is not JSON. */
function firstLines(
  bytes: Uint8Array,
  start: number,
  to: number,
  complete: boolean,
): (Json | undefined)[] {
  const lines: (Json | undefined)[] = [];
  for (let at = start; at < to && lines.length < MOST_LINES;) {
    const end = endOfLine(bytes, at, to);
    if (end === to && !complete) break;
    if (skipSpace(bytes, at, end) < end) {
      const line = parseRecord(bytes.subarray(at, end));
      lines.push("value" in line ? line.value : undefined);
    }
    at = end + 1;
  }
  return lines;
}

function endOfLine(bytes: Uint8Array, at: number, to: number): number {
  const end = bytes.subarray(0, to).indexOf(0x0a, at);
  return end < 0 ? to : end;
}

function skipByteOrderMark(bytes: Uint8Array, from: number): number {
  return bytes[from] === 0xef && bytes[from + 1] === 0xbb &&
      bytes[from + 2] === 0xbf
    ? from + 3
    : from;
}
