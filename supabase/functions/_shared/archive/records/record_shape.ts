import { scanMembers } from "./object_keys.ts";

const NEWLINE = 0x0a;
const COMMA = 0x2c;
const OPEN_OBJECT = 0x7b;

// Two keys tell a conversation from the messages in it, which often begin with the same first key.
const SHAPE_KEYS = 2;

/** The first keys of the object that begins at `from`, as far as it can be read. */
export function shapeAt(
  bytes: Uint8Array,
  from: number,
  to: number,
): string[] | undefined {
  if (bytes[from] !== OPEN_OBJECT) return undefined;
  const keys: string[] = [];
  for (const { key } of scanMembers(bytes, from, to)) {
    keys.push(key);
    if (keys.length === SHAPE_KEYS) break;
  }
  return keys.length > 0 ? keys : undefined;
}

/** True where an object begins with these keys; any object does when they are not known. */
export function looksLikeRecord(
  bytes: Uint8Array,
  at: number,
  to: number,
  shape: readonly string[] | undefined,
): boolean {
  if (bytes[at] !== OPEN_OBJECT) return false;
  if (shape === undefined) return true;
  let index = 0;
  for (const { key } of scanMembers(bytes, at, to)) {
    if (key !== shape[index]) return false;
    if (++index === shape.length) return true;
  }
  return false;
}

/**
 * Index of the next place where a record like the others begins, or -1: in a list behind a comma or
 * on a new line, elsewhere only at the start of a line.
 */
export function findRecord(
  bytes: Uint8Array,
  from: number,
  to: number,
  shape: readonly string[] | undefined,
  inList: boolean,
): number {
  const held = bytes.subarray(0, to);
  for (
    let at = held.indexOf(OPEN_OBJECT, from);
    at >= 0;
    at = held.indexOf(OPEN_OBJECT, at + 1)
  ) {
    if (
      isSeparated(bytes, at, from, inList) &&
      looksLikeRecord(bytes, at, to, shape)
    ) return at;
  }
  return -1;
}

function isSeparated(
  bytes: Uint8Array,
  at: number,
  from: number,
  inList: boolean,
): boolean {
  let before = at - 1;
  while (before > from && inList && isBlank(bytes[before])) before--;
  return before >= from &&
    (bytes[before] === NEWLINE || (inList && bytes[before] === COMMA));
}

function isBlank(byte: number): boolean {
  return byte === 0x20 || byte === 0x0d || byte === 0x09;
}
