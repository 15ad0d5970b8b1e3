import { scanMembers } from "./object_keys.ts";

const NEWLINE = 0x0a;
const COMMA = 0x2c;
const OPEN_OBJECT = 0x7b;

// Two keys tell a conversation from the messages in it, which often begin with the same first key.
const SHAPE_KEYS = 2;
// Keys that lie further apart than this are not looked for.
const SHAPE_BYTES = 4096;

/** The first keys of the object that begins at `from`, as far as it can be read. */
export function shapeAt(
  bytes: Uint8Array,
  from: number,
  to: number,
): string[] | undefined {
  if (bytes[from] !== OPEN_OBJECT) return undefined;
  const keys: string[] = [];
  for (const { key } of scanMembers(bytes, from, end(from, to))) {
    keys.push(key);
    if (keys.length === SHAPE_KEYS) break;
  }
  return keys.length > 0 ? keys : undefined;
}

/**
 * True where an object begins with these keys; any object does when they are not known. Undefined
 * when the bytes end before that can be told.
 */
export function looksLikeRecord(
  bytes: Uint8Array,
  at: number,
  to: number,
  shape: readonly string[] | undefined,
): boolean | undefined {
  if (at >= to) return undefined;
  if (bytes[at] !== OPEN_OBJECT) return false;
  if (shape === undefined) return true;
  let index = 0;
  for (const { key } of scanMembers(bytes, at, end(at, to))) {
    if (key !== shape[index]) return false;
    if (++index === shape.length) return true;
  }
  return to - at < SHAPE_BYTES ? undefined : false;
}

function end(from: number, to: number): number {
  return Math.min(to, from + SHAPE_BYTES);
}

/** Where a record was found, or up to where there is none. */
export type RecordSearch = { found: number } | { noneBefore: number };

/**
 * Looks for the next place where a record like the others begins: in a list behind a comma or on a
 * new line, elsewhere only at the start of a line.
 */
export function findRecord(
  bytes: Uint8Array,
  from: number,
  to: number,
  shape: readonly string[] | undefined,
  inList: boolean,
): RecordSearch {
  const held = bytes.subarray(0, to);
  for (
    let at = held.indexOf(OPEN_OBJECT, from);
    at >= 0;
    at = held.indexOf(OPEN_OBJECT, at + 1)
  ) {
    const separator = separatorBefore(bytes, at, from, inList);
    if (separator < 0) continue;
    const looks = looksLikeRecord(bytes, at, to, shape);
    if (looks === true) return { found: at };
    if (looks === undefined) return { noneBefore: separator };
  }
  const separator = separatorBefore(bytes, to, from, inList);
  return { noneBefore: separator < 0 ? to : separator };
}

/** Index of the comma or line break that stands before `at`, or -1. */
function separatorBefore(
  bytes: Uint8Array,
  at: number,
  from: number,
  inList: boolean,
): number {
  let before = at - 1;
  while (before > from && inList && isBlank(bytes[before])) before--;
  const separates = before >= from &&
    (bytes[before] === NEWLINE || (inList && bytes[before] === COMMA));
  return separates ? before : -1;
}

function isBlank(byte: number): boolean {
  return byte === 0x20 || byte === 0x0d || byte === 0x09;
}
