import type { ArchiveErrorCode } from "../archive_event.ts";
import { isObject, type Json } from "../json.ts";
import { ByteWindow } from "./byte_window.ts";
import { findLayout, type Layout, LAYOUT_BYTES } from "./layout.ts";
import { endsScalar, scanMembers, skipSpace } from "./object_keys.ts";
import { membersAsPairs } from "./members_as_pairs.ts";
import { parseRecord } from "./parse_record.ts";
import { splitLine } from "./split_line.ts";
import { findStringEnd, findValueEnd, type ValueSearch } from "./value_end.ts";
import { type ListWrapper, wrapRecord } from "./wrapped_list.ts";

// How to read this file: `push` bytes, then call `next` until it gives nothing, then push more; after
// `finish` the same once more. Between two records `state` says all that is needed to go on elsewhere.

/** One record, or one loss where a record should be. */
export type ScannedRecord =
  | { record: number; offset: number; value: Json; damaged: boolean }
  | { record: number; offset: number; loss: ArchiveErrorCode; reason: string };

/** Where a scan stands between two records; plain JSON. */
export interface ScanState {
  layout: Layout;
  offset: number;
  record: number;
  inList: boolean;
  wrapper?: ListWrapper;
  /** First keys of the records, by which the next one is found after a broken one. */
  shape?: string[];
}

const NEWLINE = 0x0a;
const COMMA = 0x2c;
const QUOTE = 0x22;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;

// Two keys tell a conversation from the messages in it, which often begin with the same first key.
const SHAPE_KEYS = 2;

/** Splits bytes into records; holds one record at a time, and parses it. */
export class RecordScanner {
  readonly #window: ByteWindow;
  readonly #maxRecordBytes: number;
  #layout: Layout | undefined;
  #inList = false;
  #wrapper: ListWrapper | undefined;
  #shape: string[] | undefined;
  #record = 0;
  #finished = false;
  #stopped = false;
  /** Search for the end of the value that begins the window; `at` is an offset in the stream here. */
  #search: ValueSearch | undefined;
  /** Offset up to which there is no end of line. */
  #searchedTo = 0;
  /** Set while bytes are passed over: after a loss, or behind the list of a wrapper. */
  #passing: { until: "value end" | "line end" | "next record" } | undefined;
  #pairsKey: string | undefined;
  #scratch = new Uint8Array(0);
  /** Further records of a line that holds several. */
  #queued: ScannedRecord[] = [];

  constructor(maxRecordBytes: number, state?: ScanState) {
    this.#maxRecordBytes = maxRecordBytes;
    this.#window = new ByteWindow(state?.offset ?? 0);
    if (state !== undefined) {
      this.#layout = state.layout;
      this.#inList = state.inList;
      this.#wrapper = state.wrapper;
      this.#shape = state.shape;
      this.#record = state.record;
    }
  }

  /** Asks for this member of each record as a list of keys and values, see `membersAsPairs`. */
  readAsPairs(key: string): void {
    this.#pairsKey = key;
  }

  push(chunk: Uint8Array): void {
    this.#window.append(chunk);
  }

  /** Says that no more bytes come. */
  finish(): void {
    this.#finished = true;
  }

  /** True when nothing more will come out, whatever is pushed. */
  get stopped(): boolean {
    return this.#stopped;
  }

  /** The place after the last record; undefined while the scan is inside of one. */
  get state(): ScanState | undefined {
    if (
      this.#layout === undefined || this.#search !== undefined ||
      this.#passing !== undefined || this.#queued.length > 0
    ) return undefined;
    return {
      layout: this.#layout,
      offset: this.#window.start,
      record: this.#record,
      inList: this.#inList,
      ...this.#wrapper && { wrapper: this.#wrapper },
      ...this.#shape && { shape: this.#shape },
    };
  }

  /** The next record or loss; undefined when more bytes are needed, or at the end. */
  next(): ScannedRecord | undefined {
    if (this.#queued.length > 0) return this.#queued.shift();
    if (this.#stopped) return undefined;
    if (this.#layout === undefined) {
      if (!this.#finished && this.#window.size < LAYOUT_BYTES) return undefined;
      const loss = this.#decideLayout();
      if (loss !== undefined) return loss;
    }
    return this.#layout === "lines" ? this.#nextLine() : this.#nextValue();
  }

  #decideLayout(): ScannedRecord | undefined {
    const { bytes, from, to } = this.#window;
    const found = findLayout(bytes, from, to, this.#finished);
    if (found === undefined) {
      this.#stopped = true;
      return skipSpace(bytes, from, to) === to && this.#finished
        ? this.#lossAt("empty", "the file is empty")
        : this.#lossAt("not_json", "this is not JSON");
    }
    this.#layout = found.layout;
    this.#wrapper = found.wrapper;
    this.#inList = found.layout === "list";
    this.#window.drop(found.at);
    return undefined;
  }

  #nextLine(): ScannedRecord | undefined {
    const window = this.#window;
    for (;;) {
      const searched = Math.max(
        window.from,
        window.indexOf(this.#searchedTo),
      );
      const newline = window.bytes.subarray(0, window.to)
        .indexOf(NEWLINE, searched);
      if (this.#passing !== undefined) {
        window.drop(newline < 0 ? window.to : newline + 1);
        if (newline < 0) return undefined;
        this.#passing = undefined;
        continue;
      }
      if (newline < 0) {
        if (window.size > this.#maxRecordBytes) {
          this.#passing = { until: "line end" };
          return this.#tooLarge();
        }
        if (!this.#finished) {
          this.#searchedTo = window.offsetOf(window.to);
          return undefined;
        }
      }
      const end = newline < 0 ? window.to : newline;
      const from = skipSpace(window.bytes, window.from, end);
      if (from < end) {
        const line = this.#readLine(from, end, newline < 0);
        window.drop(newline < 0 ? end : end + 1);
        return line;
      }
      window.drop(newline < 0 ? end : end + 1);
      if (newline < 0) return undefined;
    }
  }

  #readLine(from: number, end: number, last: boolean): ScannedRecord {
    const bytes = this.#window.bytes.subarray(from, end);
    const offset = this.#window.offsetOf(from);
    const parsed = parseRecord(bytes);
    if ("value" in parsed) {
      return { record: this.#record++, offset, ...parsed };
    }
    const values = splitLine(bytes);
    if (values === undefined) {
      const code = last && bytes[0] === OPEN_OBJECT
        ? "cut_off"
        : "invalid_json";
      return this.#lossAt(code, parsed.reason, offset);
    }
    const [first, ...rest] = values.map(({ at, ...value }) => ({
      record: this.#record++,
      offset: offset + at,
      ...value,
    }));
    this.#queued = rest;
    return first;
  }

  #nextValue(): ScannedRecord | undefined {
    for (;;) {
      if (this.#passing !== undefined && !this.#pass()) return undefined;
      if (this.#search === undefined && !this.#enterValue()) return undefined;
      if (this.#search === undefined || this.#passing !== undefined) continue;
      const end = this.#findEnd(this.#search);
      if (end >= 0) {
        const value = this.#readValue(end);
        if (value !== undefined) return value;
        continue;
      }
      if (this.#finished) return this.#neverEnds();
      if (this.#window.size > this.#maxRecordBytes) {
        return this.#tooLargeValue();
      }
      return undefined;
    }
  }

  /** Goes to the start of the next value; false when more bytes are needed. */
  #enterValue(): boolean {
    const window = this.#window;
    const at = skipSeparators(window.bytes, window.from, window.to);
    window.drop(at);
    if (at >= window.to) return false;
    const byte = window.bytes[at];
    if (byte === OPEN_LIST && !this.#inList) {
      this.#inList = true;
      window.drop(at + 1);
    } else if (byte === CLOSE_LIST && this.#inList) {
      window.drop(at + 1);
      this.#inList = false;
      if (this.#wrapper !== undefined) {
        this.#search = {
          depth: this.#wrapper.path.length,
          inString: false,
          at: window.offsetOf(at + 1),
        };
        this.#passing = { until: "value end" };
        this.#wrapper = undefined;
      }
    } else {
      this.#search = { depth: 0, inString: false, at: window.offsetOf(at) };
      if (this.#pairsKey !== undefined) {
        this.#search.marks = { from: 0, places: [] };
      }
    }
    return true;
  }

  /** Index after the value that begins the window, or -1 when it is not all there. */
  #findEnd(search: ValueSearch): number {
    const { bytes, from, to } = this.#window;
    const byte = bytes[from];
    if (byte !== OPEN_OBJECT && byte !== OPEN_LIST) {
      return this.#findScalarEnd(bytes, from, to);
    }
    search.at = this.#window.indexOf(search.at);
    if (search.marks !== undefined) search.marks.from = from;
    const end = findValueEnd(bytes, to, search);
    search.at = this.#window.offsetOf(search.at);
    return end;
  }

  #findScalarEnd(bytes: Uint8Array, from: number, to: number): number {
    if (bytes[from] === QUOTE) {
      return findStringEnd(bytes, from + 1, to, {
        depth: 0,
        inString: false,
        at: from,
      });
    }
    let at = from + 1;
    while (at < to && !endsScalar(bytes[at])) at++;
    return at < to || this.#finished ? at : -1;
  }

  #readValue(end: number): ScannedRecord | undefined {
    const window = this.#window;
    const { bytes, from } = window;
    const parsed = parseRecord(this.#withPairs(bytes.subarray(from, end)));
    if (!("value" in parsed)) {
      if (!this.#followedByRecord(end)) {
        return this.#giveUp("invalid_json", parsed.reason);
      }
      const loss = this.#lossAt("invalid_json", parsed.reason);
      this.#search = undefined;
      window.drop(end);
      return loss;
    }
    const offset = window.start;
    this.#search = undefined;
    window.drop(end);
    let value = parsed.value;
    if (this.#shape === undefined && isObject(value)) {
      this.#shape = Object.keys(value).slice(0, SHAPE_KEYS);
    }
    if (this.#layout === "values" && this.#record === 0) {
      this.#takeForLines(bytes, from, end);
    }
    if (this.#wrapper !== undefined) value = wrapRecord(value, this.#wrapper);
    return { record: this.#record++, offset, value, damaged: parsed.damaged };
  }

  #withPairs(bytes: Uint8Array): Uint8Array {
    const places = this.#search?.marks?.places ?? [];
    if (this.#pairsKey === undefined || places.length === 0) return bytes;
    // The window may be the caller's own memory.
    if (this.#scratch.length < bytes.length) {
      this.#scratch = new Uint8Array(2 * bytes.length);
    }
    this.#scratch.set(bytes);
    membersAsPairs(this.#scratch, this.#pairsKey, places);
    return this.#scratch.subarray(0, bytes.length);
  }

  /** A first value on a line of its own, too long to be seen when the layout was decided. */
  #takeForLines(bytes: Uint8Array, from: number, end: number): void {
    let at = end;
    while (bytes[at] === 0x20 || bytes[at] === 0x0d) at++;
    if (
      at < this.#window.to && bytes[at] === NEWLINE &&
      bytes.subarray(from, end).indexOf(NEWLINE) < 0
    ) this.#layout = "lines";
  }

  /** True when what follows a broken value shows that its brackets were in balance. */
  #followedByRecord(end: number): boolean {
    const { bytes, to } = this.#window;
    const at = skipSpace(bytes, end, to);
    if (at >= to) return this.#finished;
    if (bytes[at] === CLOSE_LIST) return this.#inList;
    if (!this.#inList) return bytes[at] === OPEN_OBJECT;
    if (bytes[at] !== COMMA) return false;
    const next = skipSpace(bytes, at + 1, to);
    return next >= to || this.#looksLikeRecord(next);
  }

  #neverEnds(): ScannedRecord {
    this.#learnShape();
    return this.#findRecord(this.#window.from + 1) < 0
      ? this.#giveUp("cut_off", "the file ends inside it")
      : this.#giveUp("invalid_json", "its quotes or brackets are not closed");
  }

  /** Takes the shape of records from the start of a broken one when none was read before. */
  #learnShape(): void {
    if (this.#shape !== undefined) return;
    const { bytes, from, to } = this.#window;
    if (bytes[from] !== OPEN_OBJECT) return;
    const keys: string[] = [];
    for (const { key } of scanMembers(bytes, from, to)) {
      keys.push(key);
      if (keys.length === SHAPE_KEYS) break;
    }
    if (keys.length > 0) this.#shape = keys;
  }

  /** Reports the value that begins the window as lost and goes to the next one that can be found. */
  #giveUp(code: ArchiveErrorCode, reason: string): ScannedRecord {
    const loss = this.#lossAt(code, reason);
    this.#learnShape();
    this.#search = undefined;
    this.#passing = { until: "next record" };
    this.#window.drop(this.#window.from + 1);
    return loss;
  }

  #tooLargeValue(): ScannedRecord {
    const { from } = this.#window;
    const next = this.#findRecord(from + 1);
    const loss = this.#tooLarge();
    if (next >= 0) {
      this.#search = undefined;
      this.#window.drop(next);
    } else {
      this.#passing = { until: "value end" };
    }
    return loss;
  }

  /** Passes over bytes; false when more are needed. */
  #pass(): boolean {
    const window = this.#window;
    if (this.#passing?.until === "next record") {
      const next = this.#findRecord(window.from);
      if (next < 0) {
        // The keys of a record may be cut by the end of the window.
        window.drop(
          this.#finished ? window.to : Math.max(window.from, window.to - 4096),
        );
        return false;
      }
      window.drop(next);
    } else if (this.#search !== undefined) {
      this.#search.at = window.indexOf(this.#search.at);
      const end = findValueEnd(window.bytes, window.to, this.#search);
      const at = this.#search.at;
      this.#search.at = window.offsetOf(at);
      window.drop(end < 0 ? at : end);
      if (end < 0) return false;
    }
    this.#search = undefined;
    this.#passing = undefined;
    return true;
  }

  /** Index of the next place where a record like the others begins, or -1. */
  #findRecord(from: number): number {
    const { bytes, to } = this.#window;
    const held = bytes.subarray(0, to);
    for (
      let at = held.indexOf(OPEN_OBJECT, from);
      at >= 0;
      at = held.indexOf(OPEN_OBJECT, at + 1)
    ) {
      if (this.#isSeparated(at, from) && this.#looksLikeRecord(at)) return at;
    }
    return -1;
  }

  /** True behind a comma or on a new line; outside of a list only at the start of a line. */
  #isSeparated(at: number, from: number): boolean {
    const { bytes } = this.#window;
    let before = at - 1;
    while (before > from && this.#inList && isBlank(bytes[before])) before--;
    return before >= from && (bytes[before] === NEWLINE ||
      (this.#inList && bytes[before] === COMMA));
  }

  #looksLikeRecord(at: number): boolean {
    const { bytes, to } = this.#window;
    if (bytes[at] !== OPEN_OBJECT) return false;
    if (this.#shape === undefined) return true;
    let index = 0;
    for (const { key } of scanMembers(bytes, at, to)) {
      if (index >= this.#shape.length) return true;
      if (key !== this.#shape[index]) return false;
      index++;
    }
    return index >= this.#shape.length;
  }

  #tooLarge(): ScannedRecord {
    return this.#lossAt(
      "too_large",
      `it is larger than ${this.#maxRecordBytes} bytes; raise maxConversationBytes or split it`,
    );
  }

  #lossAt(
    loss: ArchiveErrorCode,
    reason: string,
    offset = this.#window.start,
  ): ScannedRecord {
    return { record: this.#record++, offset, loss, reason };
  }
}

/** Passes white space, commas and the record separator of RFC 7464. */
function skipSeparators(bytes: Uint8Array, at: number, to: number): number {
  while (at < to && (bytes[at] <= 0x20 || bytes[at] === COMMA)) at++;
  return at;
}

function isBlank(byte: number): boolean {
  return byte === 0x20 || byte === 0x0d || byte === 0x09;
}
