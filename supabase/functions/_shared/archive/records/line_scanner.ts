import { skipSpace } from "./object_keys.ts";
import { parseRecord } from "./parse_record.ts";
import { RecordCounter } from "./record_counter.ts";
import type { Scanned, ScanState } from "./scanner.ts";
import { splitLine } from "./split_line.ts";

const NEWLINE = 0x0a;
const OPEN_OBJECT = 0x7b;

/** Reads a record per line: a broken one ends with its line. */
export class LineScanner extends RecordCounter {
  /** True while the rest of a line that is too large is passed over. */
  #passing = false;
  /** Further records of a line that holds several. */
  #queued: Scanned[] = [];

  get state(): ScanState | undefined {
    const { start: offset } = this.window;
    const isInside = this.#passing || this.#queued.length > 0 ||
      this.searchedTo > offset;
    return isInside
      ? undefined
      : { layout: "lines", offset, record: this.record };
  }

  next(finished: boolean): Scanned | undefined {
    if (this.#queued.length > 0) return this.#queued.shift();
    const window = this.window;
    for (;;) {
      const newline = this.#findNewline();
      if (this.#passing) {
        window.drop(newline < 0 ? window.to : newline + 1);
        if (newline < 0) return undefined;
        this.#passing = false;
        continue;
      }
      if (newline < 0 && window.size > this.maxBytes) {
        this.#passing = true;
        return this.tooLarge();
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
    const window = this.window;
    const from = Math.max(window.from, window.indexOf(this.searchedTo));
    const newline = window.bytes.subarray(0, window.to).indexOf(NEWLINE, from);
    if (newline < 0) this.searchedTo = window.offsetOf(window.to);
    return newline;
  }

  #readLine(from: number, end: number, isLast: boolean): Scanned {
    if (end - this.window.from > this.maxBytes) return this.tooLarge();
    const bytes = this.window.bytes.subarray(from, end);
    const offset = this.window.offsetOf(from);
    const parsed = parseRecord(bytes);
    if ("value" in parsed) {
      const { value, damaged } = parsed;
      const size = bytes.length;
      return { record: this.record++, offset, size, value, damaged };
    }
    const values = splitLine(bytes);
    if (values === undefined) {
      const isCutOff = isLast && bytes[0] === OPEN_OBJECT;
      return {
        record: this.record++,
        offset,
        code: isCutOff ? "cut_off" : "invalid_json",
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
}
