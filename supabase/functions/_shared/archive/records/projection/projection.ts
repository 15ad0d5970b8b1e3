import type { Json } from "../../json.ts";

/** The part of each record that a format reads. */
export interface WantedPart {
  projection: Projection;
  /** False for a record of which all is needed, such as one of another format. */
  isEnough(part: Json): boolean;
}

/**
 * What a format reads of an object or a list. The rest is passed over without being parsed, see
 * `Projector`; a member that is not named as a part is read as a whole, or not at all.
 */
export interface Projection {
  kind: typeof MEMBERS | typeof PAIRS | typeof LIST;
  /** Members that are told apart, by `slotOf` their keys. */
  members: readonly (Member | undefined)[];
  /** True when members that are not named are read. */
  others: boolean;
  /** True when it has inlined members. */
  inlines: boolean;
  /** What is read of the entries of a list and the values of pairs. */
  each: Projection | undefined;
}

// One shape of object for all kinds: the scanner asks for the kind at every bracket.
const MEMBERS = 0;
export const PAIRS = 1;
export const LIST = 2;

/**
 * `again` is left out behind a `words` that says something. An `inlined` object's members are read as
 * members of the object around it.
 */
export type MemberUse = "read" | "words" | "again" | "inlined";

export interface Member {
  key: Uint8Array;
  use: MemberUse;
  /** Undefined when the value is read as a whole. */
  part: Projection | undefined;
  /** Tells inlined members apart. */
  bit: number;
  /** Another member in the same slot. */
  next: Member | undefined;
}

type Parts = Record<string, Projection>;

/** These members of an object, as a whole or in part. */
export function readOnly(
  whole: readonly string[],
  parts: Parts = {},
): Projection {
  const read = whole.map((name) => toMember(name, "read"));
  return toProjection(MEMBERS, [...read, ...toMembers(parts)], false);
}

/**
 * These members of an object as a whole, and those of objects in it as if they were its own: an object
 * less for the parser to make, four in a message of ChatGPT. No two of them may have the same name.
 * An inlined member that is null is as one that is missing.
 */
export function readFlat(whole: readonly string[], inlined: Parts): Projection {
  const read = whole.map((name) => toMember(name, "read"));
  const flat = Object.entries(inlined)
    .map(([name, part]) => toMember(name, "inlined", part));
  return toProjection(MEMBERS, [...read, ...flat], false);
}

/**
 * All members of an object, some of them in part. `repeats` names a member that is a text and one
 * that says the same again: of the second nothing is read where the first says something.
 */
export function readAll(
  parts: Parts,
  repeats?: { words: string; again: string },
): Projection {
  const members = toMembers(parts);
  if (repeats !== undefined) {
    members.push(toMember(repeats.words, "words"));
    members.push(toMember(repeats.again, "again"));
  }
  return toProjection(MEMBERS, members, true);
}

/**
 * An object with its own keys in every record, which comes as `[key, value, key, value, …]`: its
 * keys would stay in V8's tables until a full collection, ten times the memory for ChatGPT's
 * `mapping`.
 */
export function readPairs(each?: Projection): Projection {
  return toProjection(PAIRS, [], true, each);
}

/** The entries of a list. */
export function readList(each: Projection): Projection {
  return toProjection(LIST, [], true, each);
}

/** The member that has the key between two indexes, if it is named. */
export function findMember(
  { members }: Projection,
  bytes: Uint8Array,
  from: number,
  to: number,
): Member | undefined {
  let member = members[slotOf(bytes, from, to)];
  while (member !== undefined && !isKey(member.key, bytes, from, to)) {
    member = member.next;
  }
  return member;
}

function isKey(
  key: Uint8Array,
  bytes: Uint8Array,
  from: number,
  to: number,
): boolean {
  if (key.length !== to - from) return false;
  for (let index = 0; index < key.length; index++) {
    if (key[index] !== bytes[from + index]) return false;
  }
  return true;
}

const SLOTS = 64;

/** Most keys of an object differ in length, first or last character. */
function slotOf(bytes: Uint8Array, from: number, to: number): number {
  if (from === to) return 0;
  return (4 * (to - from) + bytes[from] + bytes[to - 1]) % SLOTS;
}

function toMembers(parts: Parts): Member[] {
  return Object.entries(parts)
    .map(([name, part]) => toMember(name, "read", part));
}

const encoder = new TextEncoder();

let inlinedMembers = 0;

function toMember(name: string, use: MemberUse, part?: Projection): Member {
  // The two lowest bits stand for something else there, see `Projector`.
  const bit = use === "inlined" ? 4 << (inlinedMembers++ % 29) : 0;
  return { key: encoder.encode(name), use, part, bit, next: undefined };
}

function toProjection(
  kind: Projection["kind"],
  members: Member[],
  others: boolean,
  each?: Projection,
): Projection {
  const inlines = members.some(({ use }) => use === "inlined");
  const slots = new Array<Member | undefined>(SLOTS).fill(undefined);
  for (const member of members) {
    const slot = slotOf(member.key, 0, member.key.length);
    member.next = slots[slot];
    slots[slot] = member;
  }
  return { kind, members: slots, others, inlines, each };
}
