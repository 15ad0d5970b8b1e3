import type { ArchiveErrorCode } from "../archive_event.ts";
import type { Json } from "../json.ts";
import type { Layout } from "./layout.ts";
import type { Table } from "./table.ts";
import type { ListWrapper } from "./wrapped_list.ts";

/** One record, or one loss where a record should be. */
export type ScannedRecord =
  | { record: number; offset: number; value: Json; damaged: boolean }
  | ScannedLoss;

export interface ScannedLoss {
  record: number;
  offset: number;
  loss: ArchiveErrorCode;
  reason: string;
}

/** Where a scan stands between two records; plain JSON. */
export interface ScanState {
  layout: Layout;
  offset: number;
  /** Number of the next record. */
  record: number;
  inList: boolean;
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
    loss: "too_large",
    reason:
      `it is larger than ${maxBytes} bytes; raise maxConversationBytes or split it`,
  };
}
