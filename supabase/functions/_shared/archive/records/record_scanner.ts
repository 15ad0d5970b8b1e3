import { ActivityScanner } from "./activity_scanner.ts";
import { ByteWindow } from "./byte_window.ts";
import { describeForeignFile } from "./foreign_file.ts";
import { findLayout, LAYOUT_BYTES } from "./layout.ts";
import { LineScanner } from "./line_scanner.ts";
import { skipSpace } from "./object_keys.ts";
import { RowScanner } from "./row_scanner.ts";
import type { Layout } from "./layout.ts";
import type { WantedPart } from "./projection/projection.ts";
import type { Scanned, ScannedLoss, Scanner, ScanState } from "./scanner.ts";
import { ValueScanner } from "./value_scanner.ts";

type NewScanner = new (
  window: ByteWindow,
  maxRecordBytes: number,
  state: Omit<ScanState, "offset">,
) => Scanner;

const SCANNERS: Record<Layout, NewScanner> = {
  list: ValueScanner,
  values: ValueScanner,
  lines: LineScanner,
  rows: RowScanner,
  activities: ActivityScanner,
};

/**
 * Splits bytes into records and parses them, holding one at a time. `push` bytes, then call `next`
 * until it gives nothing, then push more; after `finish` the same once more.
 */
export class RecordScanner {
  readonly #window: ByteWindow;
  readonly #maxRecordBytes: number;
  readonly #isTable: boolean;
  /** Undefined until the layout is known. */
  #scanner: Scanner | undefined;
  #finished = false;
  #stopped = false;

  /** `state` is where an earlier scan stood; the bytes then begin at its offset. */
  /** `isTable`: what is no JSON is a table, even of one column. */
  constructor(maxRecordBytes: number, state?: ScanState, isTable = false) {
    this.#maxRecordBytes = maxRecordBytes;
    this.#isTable = isTable;
    this.#window = new ByteWindow(state?.offset ?? 0);
    if (state !== undefined) this.#begin(state);
  }

  /** Says that only a part of each record is wanted; where that saves nothing, all of it comes. */
  project(wanted: WantedPart): void {
    this.#scanner?.project?.(wanted);
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
    return this.#scanner?.state;
  }

  /** The next record or loss; undefined when more bytes are needed, or at the end. */
  next(): Scanned | undefined {
    if (this.#stopped) return undefined;
    if (this.#scanner === undefined) {
      if (!this.#finished && this.#window.size < LAYOUT_BYTES) return undefined;
      const loss = this.#decideLayout();
      if (loss !== undefined) return loss;
    }
    const record = this.#scanner?.next(this.#finished);
    if (!this.#scanner?.foundLines) return record;
    this.#begin({ ...this.#scanner.state!, layout: "lines" });
    return this.#scanner.next(this.#finished);
  }

  #begin(state: Omit<ScanState, "offset">): void {
    const { layout } = state;
    this.#scanner = new SCANNERS[layout](
      this.#window,
      this.#maxRecordBytes,
      state,
    );
  }

  #decideLayout(): ScannedLoss | undefined {
    const { bytes, from, to } = this.#window;
    const found = findLayout(
      bytes,
      from,
      to,
      this.#finished,
      this.#isTable,
    );
    if (found !== undefined) {
      const { at, ...layout } = found;
      this.#begin({ ...layout, record: 0 });
      this.#window.drop(at);
      return undefined;
    }
    this.#stopped = true;
    const start = skipSpace(bytes, from, to);
    const place = { record: 0, offset: 0 };
    if (start === to && this.#finished) {
      return { ...place, code: "empty", reason: "the file is empty" };
    }
    return { ...place, ...describeForeignFile(bytes.subarray(from, to)) };
  }
}
