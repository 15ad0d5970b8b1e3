import { findMember, LIST, PAIRS, type Reads } from "./reads.ts";
import {
  findShortEnd,
  findStringEnd,
  SHORT_STRING,
  type StringSearch,
  viewOf,
  wordsOf,
} from "./string_end.ts";

const SPACE = 0x20;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const COMMA = 0x2c;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

// Fewer bytes are copied faster one by one than by a call.
const SHORT_COPY = 96;

/**
 * A search for the end of an object which on its way finds what a format reads of it. `findEnd` as
 * often as bytes come, then `keep` gives the object without the rest. All places count from the
 * start of the object.
 */
export class Skim implements StringSearch {
  depth = 0;
  inString = false;
  at = 0;
  /** True when the object is not as `keep` needs it: then all of it must be parsed. */
  isOdd = false;
  /** What is read of the object or list around `at`, undefined inside of a value read or left out whole. */
  #here: Reads | undefined;
  /** What is read of the value that comes next. */
  #next: Reads | undefined;
  /** `#here` of the objects and lists around it. */
  readonly #above: (Reads | undefined)[] = [];
  /** The bracket or comma before a key that is expected, else -1. */
  #separator = -1;
  /** Separator before the members that are being left out, else -1. */
  #leftOutFrom = -1;
  /** True in an object whose words were told. */
  #saidWords = false;
  /** `#saidWords` of the objects and lists around it. */
  readonly #saidAbove: boolean[] = [];
  /** Places from which and to which members are left out. */
  readonly #leftOut: number[] = [];
  /** Brackets and colons of the objects that are read as pairs. */
  readonly #pairs: number[] = [];

  constructor(reads: Reads) {
    this.#next = reads;
  }

  /** As `findValueEnd`, for the object that begins at `from`. */
  findEnd(bytes: Uint8Array, from: number, to: number): number {
    const words = wordsOf(bytes);
    const view = viewOf(bytes);
    let depth = this.depth;
    let here = this.#here;
    let at = from + this.at;
    if (this.inString) {
      at = this.#endString(bytes, from, at, to, words);
      if (at < 0) return -1;
    }
    while (at < to) {
      const byte = bytes[at++];
      if (byte === QUOTE) {
        const start = at;
        const stop = findShortEnd(bytes, start, to, view);
        const isKey = this.#separator >= 0;
        if (stop < to && bytes[stop] === QUOTE) {
          at = stop + 1;
          if (!isKey || this.#enterMember(bytes, from, start, at, to)) continue;
          at = -1;
        } else if (isKey && stop === to && to < start + SHORT_STRING) at = -1;
        else {
          at = this.#endString(bytes, from, stop, to, words);
          if (at >= 0) continue;
          this.depth = depth;
          return -1;
        }
        // Not all that is asked of the key is there: it is looked at again.
        this.at = start - 1 - from;
        this.depth = depth;
        return -1;
      }
      const bracket = byte | 0x20;
      if (bracket === OPEN_OBJECT) {
        this.#above[depth++] = here;
        if (here === undefined && depth > 1) continue;
        here = this.#enter(byte, at - 1 - from);
      } else if (bracket === CLOSE_OBJECT) {
        if (here !== undefined) this.#leave(byte, at - 1 - from);
        if (--depth <= 0) {
          this.depth = 0;
          this.at = at - from;
          return at;
        }
        here = this.#above[depth];
        this.#here = here;
      } else if (
        byte === COMMA && here !== undefined && here.kind !== LIST
      ) this.#separator = at - 1 - from;
    }
    this.depth = depth;
    this.at = at - from;
    return -1;
  }

  /**
   * Copies what is read of the object into `into`, which has room for all of it, and gives its size.
   */
  keep(bytes: Uint8Array, into: Uint8Array): number {
    const leftOut = this.#leftOut;
    const pairs = this.#pairs;
    let size = 0;
    let done = 0;
    let pair = 0;
    for (let index = 0; index <= leftOut.length; index += 2) {
      let from = bytes.length;
      let to = from;
      if (index < leftOut.length) {
        from = leftOut[index];
        to = leftOut[index + 1];
        // Behind a bracket the comma after the members goes with them, elsewhere the one before.
        if (bytes[from] !== COMMA) {
          from++;
          if (bytes[to] === COMMA) to++;
        }
      }
      const shift = size - done;
      copy(bytes, done, from, into, size);
      size = from + shift;
      for (; pair < pairs.length && pairs[pair] < from; pair++) {
        into[pairs[pair] + shift] = inPairs(bytes[pairs[pair]]);
      }
      done = to;
    }
    return size;
  }

  /** Goes to the end of a string that is long, has escapes, or began in earlier bytes. */
  #endString(
    bytes: Uint8Array,
    from: number,
    at: number,
    to: number,
    words: Int32Array,
  ): number {
    const end = findStringEnd(bytes, at, to, this, words);
    if (end < 0) this.at -= from;
    else if (
      this.#separator >= 0 && !this.#enterMember(bytes, from, -1, end, to)
    ) {
      this.inString = true;
      this.at = end - 1 - from;
      return -1;
    }
    return end;
  }

  #enter(byte: number, place: number): Reads | undefined {
    const here = this.#here;
    const reads = here?.kind === LIST ? here.each : this.#next;
    this.#next = undefined;
    this.#separator = -1;
    // What is not of the kind that is expected is read as a whole.
    this.#here =
      reads !== undefined && (byte === OPEN_LIST) === (reads.kind === LIST)
        ? reads
        : undefined;
    if (this.#here === undefined) return undefined;
    this.#saidAbove.push(this.#saidWords);
    this.#saidWords = false;
    if (this.#here.kind !== LIST) {
      this.#separator = place;
      if (this.#here.kind === PAIRS) this.#pairs.push(place);
    }
    return this.#here;
  }

  #leave(byte: number, place: number): void {
    if (this.#here?.kind === PAIRS) {
      this.#pairs.push(place);
      if (byte !== CLOSE_OBJECT) this.isOdd = true;
    }
    this.#saidWords = this.#saidAbove.pop() ?? false;
    this.#separator = -1;
    this.#endLeftOut(place);
  }

  /**
   * Decides what is read of a member; false when that takes more bytes, so that it does not depend on
   * how they come. `keyFrom` is -1 for a key that was not looked at: its member is read.
   */
  #enterMember(
    bytes: Uint8Array,
    from: number,
    keyFrom: number,
    colon: number,
    to: number,
  ): boolean {
    if (colon >= to) return false;
    const here = this.#here!;
    const member = keyFrom < 0 || here.kind === PAIRS
      ? undefined
      : findMember(here, bytes, keyFrom, colon - 1);
    if (member?.use === "words" && !this.#hearWords(bytes, colon + 1, to)) {
      return false;
    }
    if (bytes[colon] !== COLON) this.isOdd = true;
    if (here.kind === PAIRS) {
      this.#pairs.push(colon - from);
      this.#next = here.each;
    } else {
      this.#next = member?.reads;
      const isRead = member === undefined
        ? keyFrom < 0 || here.others
        : member.use !== "again" || !this.#saidWords;
      if (isRead) this.#endLeftOut(this.#separator);
      else if (this.#leftOutFrom < 0) this.#leftOutFrom = this.#separator;
    }
    this.#separator = -1;
    return true;
  }

  /** Looks whether a value is a text that says something; false when that takes more bytes. */
  #hearWords(bytes: Uint8Array, at: number, to: number): boolean {
    const quote = at < to && bytes[at] === SPACE ? at + 1 : at;
    if (quote + 1 >= to) return false;
    // Of a key that comes twice the last one counts: too late when the first was believed.
    if (this.#saidWords) this.isOdd = true;
    const first = bytes[quote + 1];
    this.#saidWords = bytes[quote] === QUOTE && first > SPACE &&
      first < 0x80 && first !== QUOTE && first !== BACKSLASH;
    return true;
  }

  #endLeftOut(place: number): void {
    if (this.#leftOutFrom < 0) return;
    this.#leftOut.push(this.#leftOutFrom, place);
    this.#leftOutFrom = -1;
  }
}

function copy(
  bytes: Uint8Array,
  from: number,
  to: number,
  into: Uint8Array,
  place: number,
): void {
  if (to - from >= SHORT_COPY) into.set(bytes.subarray(from, to), place);
  else for (let at = from; at < to; at++) into[place + at - from] = bytes[at];
}

function inPairs(byte: number): number {
  if (byte === COLON) return COMMA;
  return byte === OPEN_OBJECT ? OPEN_LIST : CLOSE_LIST;
}
