import { ActivityScanner } from "./activity_scanner.ts";
import { ByteWindow } from "./byte_window.ts";
import { describeForeignFile } from "./foreign_file.ts";
import { findLayout, LAYOUT_BYTES } from "./layout.ts";
import { LineScanner } from "./line_scanner.ts";
import { skipSpace } from "./object_keys.ts";
import { RowScanner } from "./row_scanner.ts";
import type {
  ScannedLoss,
  ScannedRecord,
  ScanState,
} from "./scanned_record.ts";
import { ValueScanner, type WantedPart } from "./value_scanner.ts";

/**
 * Splits bytes into records and parses them, holding one at a time. `push` bytes, then call `next`
 * until it gives nothing, then push more; after `finish` the same once more.
 */
export class RecordScanner {
  readonly #window: ByteWindow;
  readonly #maxRecordBytes: number;
  /** Undefined until the layout is known. */
  #scanner:
    | ActivityScanner
    | LineScanner
    | RowScanner
    | ValueScanner
    | undefined;
  #finished = false;
  #stopped = false;

  /** `state` is where an earlier scan stood; the bytes then begin at its offset. */
  constructor(maxRecordBytes: number, state?: ScanState) {
    this.#maxRecordBytes = maxRecordBytes;
    this.#window = new ByteWindow(state?.offset ?? 0);
    if (state !== undefined) this.#begin(state);
  }

  /** Says that only a part of each record is wanted; where that saves nothing, all of it comes. */
  readOnly(wanted: WantedPart): void {
    if (this.#scanner instanceof ValueScanner) this.#scanner.wanted = wanted;
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

  /** The place behind the last record; undefined while the scan is inside of one. */
  get state(): ScanState | undefined {
    const scanner = this.#scanner;
    if (scanner === undefined || !scanner.isBetweenRecords) return undefined;
    const { start: offset } = this.#window;
    const { record } = scanner;
    if (scanner instanceof LineScanner) {
      return { layout: "lines", offset, record, inList: false };
    }
    if (scanner instanceof RowScanner) {
      const { table } = scanner;
      return { layout: "rows", offset, record, inList: false, table };
    }
    if (scanner instanceof ActivityScanner) {
      return { layout: "activities", offset, record, inList: false };
    }
    const { inList, wrapper, shape } = scanner;
    return {
      layout: inList ? "list" : "values",
      offset,
      record,
      inList,
      ...wrapper && { wrapper },
      ...shape && { shape },
    };
  }

  /** The next record or loss; undefined when more bytes are needed, or at the end. */
  next(): ScannedRecord | undefined {
    if (this.#stopped) return undefined;
    if (this.#scanner === undefined) {
      if (!this.#finished && this.#window.size < LAYOUT_BYTES) return undefined;
      const loss = this.#decideLayout();
      if (loss !== undefined) return loss;
    }
    const record = this.#scanner?.next(this.#finished);
    if (!(this.#scanner instanceof ValueScanner) || !this.#scanner.foundLines) {
      return record;
    }
    this.#scanner = new LineScanner(
      this.#window,
      this.#maxRecordBytes,
      this.#scanner.record,
    );
    return this.#scanner.next(this.#finished);
  }

  #begin(state: Omit<ScanState, "offset">): void {
    const { layout, record, table } = state;
    const max = this.#maxRecordBytes;
    if (table !== undefined) {
      this.#scanner = new RowScanner(this.#window, max, record, table);
      return;
    }
    if (layout === "activities") {
      this.#scanner = new ActivityScanner(this.#window, max, record);
      return;
    }
    this.#scanner = state.layout === "lines"
      ? new LineScanner(this.#window, this.#maxRecordBytes, state.record)
      : new ValueScanner(this.#window, this.#maxRecordBytes, state);
  }

  #decideLayout(): ScannedLoss | undefined {
    const { bytes, from, to } = this.#window;
    const found = findLayout(bytes, from, to, this.#finished);
    if (found !== undefined) {
      const { layout, at, wrapper, table } = found;
      const inList = layout === "list";
      this.#begin({ layout, record: 0, inList, wrapper, table });
      this.#window.drop(at);
      return undefined;
    }
    this.#stopped = true;
    const start = skipSpace(bytes, from, to);
    const place = { record: 0, offset: 0 };
    if (start === to && this.#finished) {
      return { ...place, loss: "empty", reason: "the file is empty" };
    }
    return { ...place, ...describeForeignFile(bytes.subarray(from, to)) };
  }
}
