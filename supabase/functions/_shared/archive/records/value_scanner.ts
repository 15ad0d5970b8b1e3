import type { ArchiveErrorCode } from "../archive_error.ts";
import type { ByteWindow } from "./byte_window.ts";
import { endsScalar, skipSpace } from "./object_keys.ts";
import { type ParsedRecord, parseRecord } from "./parse_record.ts";
import type { WantedPart } from "./projection/projection.ts";
import { Projector } from "./projection/projector.ts";
import { findRecord, looksLikeRecord, shapeAt } from "./record_shape.ts";
import {
  type Scanned,
  type ScannedLoss,
  type Scanner,
  type ScanState,
  tooLarge,
} from "./scanner.ts";
import { findStringEnd } from "./string_end.ts";
import { findValueEnd, type ValueSearch } from "./value_end.ts";
import { type ListWrapper, wrapRecord } from "./wrapped_list.ts";

const NEWLINE = 0x0a;
const COMMA = 0x2c;
const QUOTE = 0x22;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;

/** Reads the entries of a list, or values one after the other, by finding where each ends. */
export class ValueScanner implements Scanner {
  /** True when a first value ended with its line. */
  foundLines = false;
  /** Number of the next record. */
  #record: number;
  #inList: boolean;
  #wrapper: ListWrapper | undefined;
  #shape: string[] | undefined;
  /** Set when only a part of each record is wanted. */
  #wanted: WantedPart | undefined;
  /** True while that cannot be told yet, and what was seen of it. */
  #mayBeLines = false;
  #sawNewline = false;
  readonly #window: ByteWindow;
  readonly #maxBytes: number;
  /** Search for the end of the value that begins the window; `at` is an offset in the stream here. */
  #search: ValueSearch | undefined;
  /** The same search where only a part of the value is wanted. */
  #projector: Projector | undefined;
  /** Set while bytes are passed over: behind a loss, or behind the list of a wrapper. */
  #passing: "value" | "to the next record" | undefined;
  /** Offset behind a value that cannot be parsed, while what follows it is not there yet. */
  #brokenEnd: number | undefined;
  #scratch = new Uint8Array(0);

  constructor(
    window: ByteWindow,
    maxBytes: number,
    state: Omit<ScanState, "offset">,
  ) {
    this.#window = window;
    this.#maxBytes = maxBytes;
    this.#record = state.record;
    this.#inList = state.layout === "list";
    this.#wrapper = state.wrapper;
    this.#shape = state.shape;
  }

  project(wanted: WantedPart): void {
    this.#wanted = wanted;
  }

  get state(): ScanState | undefined {
    if (
      this.#search !== undefined || this.#passing !== undefined ||
      this.#mayBeLines
    ) return undefined;
    const wrapper = this.#wrapper;
    const shape = this.#shape;
    return {
      layout: this.#inList ? "list" : "values",
      offset: this.#window.start,
      record: this.#record,
      ...wrapper && { wrapper },
      ...shape && { shape },
    };
  }

  next(finished: boolean): Scanned | undefined {
    for (;;) {
      if (this.#passing !== undefined && !this.#pass(finished)) {
        return undefined;
      }
      if (this.#search === undefined && !this.#enterValue()) return undefined;
      if (this.#search === undefined || this.#passing !== undefined) continue;
      const end = this.#brokenEnd === undefined
        ? this.#findEnd(this.#search, finished)
        : this.#window.indexOf(this.#brokenEnd);
      const size = (end < 0 ? this.#window.to : end) - this.#window.from;
      if (size > this.#maxBytes) return this.#passLargeValue();
      if (end >= 0) return this.#readValue(end, finished);
      return finished ? this.#neverEnds() : undefined;
    }
  }

  /** Goes to the start of the next value; false when more bytes are needed. */
  #enterValue(): boolean {
    const window = this.#window;
    const at = skipSeparators(window.bytes, window.from, window.to);
    if (this.#mayBeLines) {
      const skipped = window.bytes.subarray(window.from, at);
      this.#sawNewline ||= skipped.includes(NEWLINE);
    }
    window.drop(at);
    if (at >= window.to) return false;
    this.foundLines = this.#mayBeLines && this.#sawNewline;
    this.#mayBeLines = false;
    if (this.foundLines) return false;
    const byte = window.bytes[at];
    if (byte === OPEN_LIST && !this.#inList) {
      this.#inList = true;
      window.drop(at + 1);
    } else if (byte === CLOSE_LIST && this.#inList) {
      window.drop(at + 1);
      this.#leaveList();
    } else {
      this.#search = { depth: 0, inString: false, at: window.start };
      // The header of a wrapper belongs to the record, and it is not here.
      if (
        this.#wanted !== undefined && byte === OPEN_OBJECT &&
        this.#wrapper === undefined
      ) this.#projector = new Projector(this.#wanted.projection);
    }
    return true;
  }

  #leaveList(): void {
    this.#inList = false;
    if (this.#wrapper === undefined) return;
    this.#search = {
      depth: this.#wrapper.path.length,
      inString: false,
      at: this.#window.start,
    };
    this.#passing = "value";
    this.#wrapper = undefined;
  }

  /** Index after the value that begins the window, or -1 when it is not all there. */
  #findEnd(search: ValueSearch, finished: boolean): number {
    const { bytes, from, to } = this.#window;
    if (bytes[from] === QUOTE) {
      return findStringEnd(bytes, from + 1, to, { ...search });
    }
    if (bytes[from] === OPEN_OBJECT || bytes[from] === OPEN_LIST) {
      return this.#continueSearch(search);
    }
    let at = from + 1;
    while (at < to && !endsScalar(bytes[at])) at++;
    return at < to || finished ? at : -1;
  }

  #continueSearch(search: ValueSearch): number {
    const window = this.#window;
    const projector = this.#projector;
    if (projector !== undefined) {
      const end = projector.findEnd(window.bytes, window.from, window.to);
      search.depth = projector.depth;
      search.inString = projector.inString;
      search.at = window.start + projector.at;
      return end;
    }
    search.at = window.indexOf(search.at);
    const end = findValueEnd(window.bytes, window.to, search);
    search.at = window.offsetOf(search.at);
    return end;
  }

  #readValue(end: number, finished: boolean): Scanned | undefined {
    const window = this.#window;
    const { bytes, from, start: offset } = window;
    const parsed = this.#parse(bytes.subarray(from, end));
    if (!("value" in parsed)) {
      return this.#loseValue(end, parsed.reason, finished);
    }
    this.#shape ??= shapeAt(bytes, from, end);
    this.#mayBeLines = this.#record === 0 && !this.#inList &&
      bytes.subarray(from, end).indexOf(NEWLINE) < 0;
    this.#leaveValue(end);
    const { value, damaged } = parsed;
    return {
      record: this.#record++,
      offset,
      size: end - from,
      value: this.#wrapper === undefined
        ? value
        : wrapRecord(value, this.#wrapper),
      damaged,
    };
  }

  #loseValue(
    end: number,
    reason: string,
    finished: boolean,
  ): Scanned | undefined {
    const window = this.#window;
    const isFollowed = this.#isFollowed(end, finished);
    if (isFollowed === undefined) {
      this.#brokenEnd = window.offsetOf(end);
      return undefined;
    }
    // With balanced brackets only this value is lost.
    if (!isFollowed) return this.#giveUp("invalid_json", reason, end);
    const { start: offset } = window;
    this.#leaveValue(end);
    return { record: this.#record++, offset, code: "invalid_json", reason };
  }

  #leaveValue(end: number): void {
    this.#search = undefined;
    this.#projector = undefined;
    this.#brokenEnd = undefined;
    this.#window.drop(end);
  }

  #parse(bytes: Uint8Array): ParsedRecord {
    const projector = this.#projector;
    if (projector !== undefined && !projector.isOdd) {
      // The window may be the caller's own memory.
      if (this.#scratch.length < bytes.length) {
        this.#scratch = new Uint8Array(2 * bytes.length);
      }
      const size = projector.keep(bytes, this.#scratch);
      const part = parseRecord(this.#scratch.subarray(0, size));
      if ("value" in part && this.#wanted?.isEnough(part.value)) return part;
    }
    return parseRecord(bytes);
  }

  /**
   * True when what follows a broken value shows that its brackets were in balance; undefined when that
   * is not there yet.
   */
  #isFollowed(end: number, finished: boolean): boolean | undefined {
    const { bytes, to } = this.#window;
    const at = skipSpace(bytes, end, to);
    if (at >= to) return finished ? true : undefined;
    if (!this.#inList) return bytes[at] === OPEN_OBJECT;
    if (bytes[at] === CLOSE_LIST) return true;
    if (bytes[at] !== COMMA) return false;
    const next = skipSpace(bytes, at + 1, to);
    const looks = looksLikeRecord(bytes, next, to, this.#shape);
    return looks ?? (finished ? next >= to : undefined);
  }

  #neverEnds(): ScannedLoss {
    const { bytes, from, to } = this.#window;
    this.#shape ??= shapeAt(bytes, from, to);
    const next = findRecord(bytes, from + 1, to, this.#shape, this.#inList);
    return "found" in next
      ? this.#giveUp(
        "invalid_json",
        "its quotes or brackets are not closed",
        to,
      )
      : this.#giveUp("cut_off", "the file ends inside it", to);
  }

  /** Reports the value that begins the window as lost and looks for the next record inside of it. */
  #giveUp(code: ArchiveErrorCode, reason: string, end: number): ScannedLoss {
    const { bytes, from, start: offset } = this.#window;
    this.#shape ??= shapeAt(bytes, from, end);
    this.#leaveValue(from + 1);
    this.#passing = "to the next record";
    return { record: this.#record++, offset, code, reason };
  }

  /** Looks for a record only in the bytes that are held for any value, however the bytes came. */
  #passLargeValue(): ScannedLoss {
    const { bytes, from, start } = this.#window;
    const to = from + this.#maxBytes;
    const next = findRecord(bytes, from + 1, to, this.#shape, this.#inList);
    if ("found" in next) this.#leaveValue(next.found);
    else if ((bytes[from] | 0x20) === OPEN_OBJECT) {
      this.#passing = "value";
      this.#projector = undefined;
    } else {
      this.#leaveValue(to);
      this.#passing = "to the next record";
    }
    return tooLarge(this.#record++, start, this.#maxBytes);
  }

  /** Passes over bytes; false when more are needed. */
  #pass(finished: boolean): boolean {
    const window = this.#window;
    if (this.#passing === "to the next record") {
      const { bytes, from, to } = window;
      const next = findRecord(bytes, from, to, this.#shape, this.#inList);
      const isFound = "found" in next;
      window.drop(isFound ? next.found : finished ? to : next.noneBefore);
      if (!isFound) return false;
    } else if (this.#search !== undefined) {
      const end = this.#search.depth === 0
        ? window.indexOf(this.#search.at)
        : this.#continueSearch(this.#search);
      window.drop(end < 0 ? window.indexOf(this.#search.at) : end);
      if (end < 0) return false;
    }
    this.#search = undefined;
    this.#passing = undefined;
    return true;
  }
}

/** Passes white space, commas and the record separator of RFC 7464. */
function skipSeparators(bytes: Uint8Array, at: number, to: number): number {
  while (at < to && (bytes[at] <= 0x20 || bytes[at] === COMMA)) at++;
  return at;
}
