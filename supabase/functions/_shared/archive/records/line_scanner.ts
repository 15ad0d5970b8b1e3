import type { ByteWindow } from "./byte_window.ts";
import { skipSpace } from "./object_keys.ts";
import { parseRecord } from "./parse_record.ts";
import { type ScannedRecord, tooLarge } from "./scanned_record.ts";
import { splitLine } from "./split_line.ts";

const NEWLINE = 0x0a;
const OPEN_OBJECT = 0x7b;

/** Reads a record per line: a broken one ends with its line. */
export class LineScanner {
  /** Number of the next record. */
  record: number;
  readonly #window: ByteWindow;
  readonly #maxBytes: number;
  /** Offset up to which there is no end of line. */
  #searchedTo = 0;
  /** True while the rest of a line that is too large is passed over. */
  #passing = false;
  /** Further records of a line that holds several. */
  #queued: ScannedRecord[] = [];

  constructor(window: ByteWindow, maxBytes: number, record: number) {
    this.#window = window;
    this.#maxBytes = maxBytes;
    this.record = record;
  }

  /** True when the window begins where a line begins. */
  get isBetweenRecords(): boolean {
    return !this.#passing && this.#queued.length === 0 &&
      this.#searchedTo <= this.#window.start;
  }

  /** The next record or loss; undefined when the window has none, `finished` when it will get no more. */
  next(finished: boolean): ScannedRecord | undefined {
    if (this.#queued.length > 0) return this.#queued.shift();
    const window = this.#window;
    for (;;) {
      const newline = this.#findNewline();
      if (this.#passing) {
        window.drop(newline < 0 ? window.to : newline + 1);
        if (newline < 0) return undefined;
        this.#passing = false;
        continue;
      }
      if (newline < 0 && window.size > this.#maxBytes) {
        this.#passing = true;
        return this.#tooLarge();
      }
      if (newline < 0 && !finished) return undefined;
      const end = newline < 0 ? window.to : newline;
      const from = skipSpace(window.bytes, window.from, end);
      const record = from < end
        ? this.#readLine(from, end, newline < 0)
        : undefined;
      window.drop(newline < 0 ? end : end + 1);
      if (record !== undefined || newline < 0) return record;
    }
  }

  #findNewline(): number {
    const window = this.#window;
    const from = Math.max(window.from, window.indexOf(this.#searchedTo));
    const newline = window.bytes.subarray(0, window.to).indexOf(NEWLINE, from);
    if (newline < 0) this.#searchedTo = window.offsetOf(window.to);
    return newline;
  }

  #readLine(from: number, end: number, isLast: boolean): ScannedRecord {
    if (end - this.#window.from > this.#maxBytes) return this.#tooLarge();
    const bytes = this.#window.bytes.subarray(from, end);
    const offset = this.#window.offsetOf(from);
    const parsed = parseRecord(bytes);
    if ("value" in parsed) {
      const { value, damaged } = parsed;
      return { record: this.record++, offset, value, damaged };
    }
    const values = splitLine(bytes);
    if (values === undefined) {
      const isCutOff = isLast && bytes[0] === OPEN_OBJECT;
      return {
        record: this.record++,
        offset,
        loss: isCutOff ? "cut_off" : "invalid_json",
        reason: parsed.reason,
      };
    }
    const [first, ...rest] = values.map(({ at, ...value }) => ({
      record: this.record++,
      offset: offset + at,
      ...value,
    }));
    this.#queued = rest;
    return first;
  }

  #tooLarge(): ScannedRecord {
    return tooLarge(this.record++, this.#window.start, this.#maxBytes);
  }
}
