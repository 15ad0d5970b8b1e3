import type { Json } from "../json.ts";
import type { ByteWindow } from "./byte_window.ts";
import { isUtf8 } from "./parse_record.ts";
import { readCopyCell } from "./copy_text.ts";
import { storedJson } from "./stored_json.ts";
import { RecordCounter } from "./record_counter.ts";
import type { Scanned, ScanState } from "./scanner.ts";
import { splitRow, type Table } from "./table.ts";

const NEWLINE = 0x0a;
const QUOTE = 0x22;

/** Reads a record per row of a CSV file, with the names in its first row, which is none, as keys. */
export class RowScanner extends RecordCounter {
  readonly #table: Table;
  readonly #decoder = new TextDecoder();
  /** What stands where the search for the end of the row has come to. */
  #inQuotes = false;
  /** True where the byte before closed quotes: another one is a quote in the text. */
  #wereQuotes = false;
  /** True while the rest of a row that is too large is passed over. */
  #passing = false;

  constructor(
    window: ByteWindow,
    maxBytes: number,
    state: Pick<ScanState, "record" | "table">,
  ) {
    super(window, maxBytes, state);
    this.#table = state.table!;
  }

  get state(): ScanState | undefined {
    const { start: offset } = this.window;
    if (this.#passing || this.searchedTo > offset) return undefined;
    return {
      layout: "rows",
      offset,
      record: this.record,
      table: this.#table,
    };
  }

  next(finished: boolean): Scanned | undefined {
    const window = this.window;
    for (;;) {
      const end = this.#findEnd();
      if (this.#passing) {
        window.drop(end < 0 ? window.to : end + 1);
        if (end < 0) return undefined;
        this.#passing = false;
        continue;
      }
      if ((end < 0 ? window.to : end) - window.from > this.maxBytes) {
        const start = window.start;
        this.#passing = end < 0;
        window.drop(end < 0 ? window.to : end + 1);
        return this.tooLarge(start);
      }
      if (end < 0 && !finished) return undefined;
      if (end < 0 && this.#inQuotes) return this.#loseQuote();
      const to = end < 0 ? window.to : end;
      const offset = window.start;
      const bytes = window.bytes.subarray(window.from, to);
      const row = this.#decoder.decode(bytes);
      const damaged = row.includes("\uFFFD") && !isUtf8(bytes);
      window.drop(end < 0 ? to : to + 1);
      if (row.trim() !== "") {
        return this.#readRow(row, offset, bytes.length, damaged);
      }
      if (end < 0) return undefined;
    }
  }

  /**
   * Index of the line break that ends the row, or -1. Quotes count where a cell begins; inside of quotes
   * they are doubled, and elsewhere a part of the text.
   */
  #findEnd(): number {
    const window = this.window;
    const { bytes, from, to } = window;
    const delimiter = this.#table.delimiter.charCodeAt(0);
    let at = Math.max(from, window.indexOf(this.searchedTo));
    if (at === from) this.#inQuotes = this.#wereQuotes = false;
    for (; at < to; at++) {
      const byte = bytes[at];
      if (byte === NEWLINE && !this.#inQuotes) return at;
      if (byte !== QUOTE) {
        this.#wereQuotes = false;
        continue;
      }
      const opens = !this.#table.isCopy && (
        this.#wereQuotes || at === from || bytes[at - 1] === delimiter
      );
      this.#wereQuotes = this.#inQuotes;
      this.#inQuotes = !this.#inQuotes && opens;
    }
    this.searchedTo = window.offsetOf(to);
    return -1;
  }

  /** Passes over the line in which a quote was opened for good. */
  #loseQuote(): Scanned {
    const window = this.window;
    const { bytes, from, to, start: offset } = window;
    const newline = bytes.subarray(0, to).indexOf(NEWLINE, from);
    window.drop(newline < 0 ? to : newline + 1);
    this.searchedTo = window.start;
    return {
      record: this.record++,
      offset,
      code: newline < 0 ? "cut_off" : "unreadable_record",
      reason: newline < 0
        ? "the file ends inside it"
        : "its quotes are not closed",
    };
  }

  #readRow(
    row: string,
    offset: number,
    size: number,
    damaged: boolean,
  ): Scanned {
    const { columns, delimiter } = this.#table;
    const cells = this.#table.isCopy
      ? row.replace(/\r$/, "").split(delimiter).map(readCopyCell)
      : splitRow(row, delimiter);
    const record = this.record++;
    if (cells.length > columns.length) {
      return {
        record,
        offset,
        code: "unreadable_record",
        reason:
          `it has ${cells.length} cells and the table ${columns.length} columns`,
      };
    }
    const value = Object.fromEntries(
      columns.map((name, index) => [name, toValue(name, cells[index])] as const)
        .filter(([name]) => name !== ""),
    );
    return { record, offset, size, value, damaged };
  }
}

// What people wrote stands under these names, and may look like JSON.
const TEXT_COLUMNS =
  /^(?:content|text|prompt|completion|question|answer|instruction|message|query|value)$/i;

/** Tools write lists and objects as JSON into a cell, and nothing for null. */
export function toValue(name: string, cell: string | null | undefined): Json {
  if (cell === undefined || cell === null || cell === "") return null;
  // Postgres stores no text with U+0000.
  const text = cell.replaceAll("\0", "\ufffd");
  if (TEXT_COLUMNS.test(name)) return text;
  const value = storedJson(text)!;
  // A list of plain values is more likely a text.
  return Array.isArray(value) && typeof value[0] !== "object" ? text : value;
}
