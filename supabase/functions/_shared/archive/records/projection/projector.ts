import { Cuts } from "./cuts.ts";
import {
  findMember,
  LIST,
  type Member,
  PAIRS,
  type Projection,
} from "./projection.ts";
import {
  findShortEnd,
  findStringEnd,
  SHORT_STRING,
  type StringSearch,
  viewOf,
  wordsOf,
} from "../string_end.ts";

const SPACE = 0x20;
const FIRST_OF_NULL = 0x6e;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const COMMA = 0x2c;
const OPEN_LIST = 0x5b;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

const SAID_WORDS = 1;
const IS_INLINED = 2;
const INLINED_MEMBERS = ~(SAID_WORDS | IS_INLINED);

/**
 * A search for the end of an object which on its way finds what a format reads of it. `findEnd` as
 * often as bytes come, then `keep` gives the object without the rest. All places count from the
 * start of the object.
 */
export class Projector implements StringSearch {
  depth = 0;
  inString = false;
  at = 0;
  /** True when the object is not as `keep` needs it: then all of it must be parsed. */
  isOdd = false;
  /** What is read of the object or list around `at`, undefined inside of a value read or left out whole. */
  #here: Projection | undefined;
  /** What is read of the value that comes next. */
  #next: Projection | undefined;
  /** `#here` of the objects and lists around it. */
  readonly #above: (Projection | undefined)[] = [];
  /** The bracket or comma before a key that is expected, else -1. */
  #separator = -1;
  /** True when that is an object whose members are read as those of the one around it. */
  #nextIsInlined = false;
  /** What is known of the object around `at`: `SAID_WORDS`, `IS_INLINED`, bits of members inlined in it. */
  #facts = 0;
  /** `#facts` of the objects and lists around it. */
  readonly #factsAbove: number[] = [];
  readonly #cuts = new Cuts();

  constructor(wanted: Projection) {
    this.#next = wanted;
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
        } else if (isKey && stop === to && to <= start + SHORT_STRING) at = -1;
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

  /** Copies what is read of the object into `into`, which has room for all of it, and gives its size. */
  keep(bytes: Uint8Array, into: Uint8Array): number {
    return this.#cuts.keep(bytes, into);
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

  #enter(byte: number, place: number): Projection | undefined {
    const here = this.#here;
    const wanted = here?.kind === LIST ? here.each : this.#next;
    const isInlined = this.#nextIsInlined;
    this.#next = undefined;
    this.#nextIsInlined = false;
    this.#separator = -1;
    // What is not of the kind that is expected is read as a whole.
    this.#here =
      wanted !== undefined && (byte === OPEN_LIST) === (wanted.kind === LIST)
        ? wanted
        : undefined;
    if (this.#here === undefined) return undefined;
    this.#factsAbove.push(this.#facts);
    this.#facts = isInlined ? this.#facts & INLINED_MEMBERS | IS_INLINED : 0;
    if (this.#here.kind !== LIST) {
      this.#separator = place;
      if (this.#here.kind === PAIRS) this.#cuts.replace(place);
    }
    return this.#here;
  }

  #leave(byte: number, place: number): void {
    if (this.#here?.kind === PAIRS) {
      this.#cuts.replace(place);
      if (byte !== CLOSE_OBJECT) this.isOdd = true;
    }
    const facts = this.#facts;
    this.#facts = this.#factsAbove.pop() ?? 0;
    this.#separator = -1;
    if ((facts & IS_INLINED) === 0) this.#cuts.end(place);
    else {
      this.#facts |= facts & INLINED_MEMBERS;
      if (byte !== CLOSE_OBJECT) this.isOdd = true;
      this.#cuts.begin(place);
    }
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
    if (member?.use === "inlined") {
      return this.#enterInlined(bytes, member, colon, to);
    }
    if (bytes[colon] !== COLON) this.isOdd = true;
    // It may be the name of one that is inlined.
    if (keyFrom < 0 && (here.inlines || (this.#facts & IS_INLINED) !== 0)) {
      this.isOdd = true;
    }
    if (here.kind === PAIRS) {
      this.#cuts.replace(colon - from);
      this.#next = here.each;
    } else {
      this.#next = member?.part;
      const isRead = member === undefined
        ? keyFrom < 0 || here.others
        : member.use !== "again" || (this.#facts & SAID_WORDS) === 0;
      if (isRead) this.#cuts.end(this.#separator);
      else this.#cuts.begin(this.#separator);
    }
    this.#separator = -1;
    return true;
  }

  /** Leaves out what is around the members of an object; false when telling takes more bytes. */
  #enterInlined(
    bytes: Uint8Array,
    member: Member,
    colon: number,
    to: number,
  ): boolean {
    let at = colon + 1;
    while (at < to && bytes[at] <= SPACE) at++;
    if (at >= to) return false;
    const isObject = bytes[at] === OPEN_OBJECT;
    const isOnce = (this.#facts & member.bit) === 0;
    if (
      bytes[colon] !== COLON || !isOnce ||
      !isObject && bytes[at] !== FIRST_OF_NULL
    ) this.isOdd = true;
    this.#facts |= member.bit;
    this.#next = isObject ? member.part : undefined;
    this.#nextIsInlined = isObject;
    this.#cuts.begin(this.#separator);
    this.#separator = -1;
    return true;
  }

  /** Looks whether a value is a text that says something; false when that takes more bytes. */
  #hearWords(bytes: Uint8Array, at: number, to: number): boolean {
    const quote = at < to && bytes[at] === SPACE ? at + 1 : at;
    if (quote + 1 >= to) return false;
    // Of a key that comes twice the last one counts: too late when the first was believed.
    if ((this.#facts & SAID_WORDS) !== 0) this.isOdd = true;
    const first = bytes[quote + 1];
    const saysWords = bytes[quote] === QUOTE && first > SPACE &&
      first < 0x80 && first !== QUOTE && first !== BACKSLASH;
    if (saysWords) this.#facts |= SAID_WORDS;
    else this.#facts &= ~SAID_WORDS;
    return true;
  }
}
