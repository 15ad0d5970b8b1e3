import type { ArchiveErrorCode } from "../archive_error.ts";
import type { Json } from "../json.ts";
import type { Layout } from "./layout.ts";
import type { WantedPart } from "./projection/projection.ts";
import type { Table } from "./table.ts";
import type { ListWrapper } from "./wrapped_list.ts";

/** Finds the records of a layout in a window of bytes. */
export interface Scanner {
  /** The next record or loss; undefined when the window has none, `finished` when it will get no more. */
  next(finished: boolean): Scanned | undefined;
  /** The place behind the last record; undefined while the scan is inside of one. */
  readonly state: ScanState | undefined;
  /** True when the rest is better read by lines. */
  readonly foundLines?: boolean;
  /** Says that only a part of each record is wanted. */
  project?(wanted: WantedPart): void;
}

/** One record, or one loss where a record should be. */
export type Scanned = ScannedRecord | ScannedLoss;

export interface ScannedRecord {
  /** Number of the record in its file. */
  record: number;
  offset: number;
  /** Bytes. */
  size: number;
  value: Json;
  /** True when bytes that are not UTF-8 came out as U+FFFD. */
  damaged: boolean;
}

export interface ScannedLoss {
  record: number;
  offset: number;
  code: ArchiveErrorCode;
  reason: string;
}

/** Where a scan stands between two records; plain JSON. */
export interface ScanState {
  layout: Layout;
  offset: number;
  /** Number of the next record. */
  record: number;
  wrapper?: ListWrapper;
  /** First keys of the records, by which the next one is found after a broken one. */
  shape?: string[];
  /** The columns, where records are rows. */
  table?: Table;
}

/** The loss of a record that exceeds the limit. */
export function tooLarge(
  record: number,
  offset: number,
  maxBytes: number,
): ScannedLoss {
  return {
    record,
    offset,
    code: "too_large",
    reason:
      `it is larger than ${maxBytes} bytes; raise maxConversationBytes or split it`,
  };
}
