import type { ByteWindow } from "./byte_window.ts";
import {
  type Scanned,
  type Scanner,
  type ScanState,
  tooLarge,
} from "./scanner.ts";

/** What scanners have in common that look for the byte where a record ends. */
export abstract class RecordCounter implements Scanner {
  /** Number of the next record. */
  protected record: number;
  /** Offset up to which the end of a record was looked for. */
  protected searchedTo = 0;

  constructor(
    protected readonly window: ByteWindow,
    protected readonly maxBytes: number,
    { record }: Pick<ScanState, "record">,
  ) {
    this.record = record;
  }

  abstract get state(): ScanState | undefined;
  abstract next(finished: boolean): Scanned | undefined;

  protected tooLarge(offset: number = this.window.start): Scanned {
    return tooLarge(this.record++, offset, this.maxBytes);
  }
}
