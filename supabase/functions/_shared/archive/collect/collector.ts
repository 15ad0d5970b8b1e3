import type { ArchiveErrorCode, OpenConversation } from "../archive_event.ts";
import type { Conversation } from "../conversation.ts";
import type { Json } from "../json.ts";
import type { ScanState } from "../records/scanned_record.ts";

/** A record and where it lies. */
export interface PlacedRecord {
  value: Json;
  record: number;
  offset: number;
  /** Offset behind it. */
  end: number;
  /** The scan's place before it. */
  before: ScanState;
}

/** A conversation with its number in the file and the format that it was read by. */
export interface Collected {
  conversation: Conversation;
  index: number;
  format: string;
}

/** What came of a record: conversations that are whole now, and why something was lost. */
export interface Outcome {
  collected: Collected[];
  loss?: { code: ArchiveErrorCode; reason: string };
}

/** Where to begin again so that conversations which were not given out yet are read whole. */
export interface OpenPlace {
  begin: ScanState;
  /** Number of the next conversation when reading begins there. */
  begun: number;
  open: OpenConversation[];
}

/** Makes conversations of the records of one file. */
export interface Collector {
  /** Number of the next conversation. */
  readonly begun: number;
  add(record: PlacedRecord): Outcome;
  /** Gives out what is still held; only conversations idle since an offset when one is given. */
  close(since?: number): Outcome[];
  /** Undefined when nothing is held. */
  openPlace(): OpenPlace | undefined;
}

/** The outcome of reading, or the loss when a format met something that it does not expect. */
export function attempt(read: () => Collected[]): Outcome {
  try {
    return { collected: read() };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { collected: [], loss: { code: "unreadable_record", reason } };
  }
}
