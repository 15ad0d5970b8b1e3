import type { ArchiveErrorCode } from "../archive_error.ts";
import type { ArchiveCursor } from "../archive_event.ts";
import type { Conversation } from "../conversation.ts";
import { type Ignored, type LeftOutSink, watchLeftOut } from "../left_out.ts";
import type { ScannedRecord, ScanState } from "../records/scanner.ts";

/** Takes what a collector makes of records, and what their formats leave out. */
export interface ConversationSink extends LeftOutSink {
  /** A whole conversation, its number in the file and the format that it was read by. */
  give(conversation: Conversation, index: number, format: string): void;
  lose(code: ArchiveErrorCode, reason: string): void;
}

/** Makes conversations of the records of one file. */
export interface Collector {
  /** `before` is where the scan stood before the record. */
  add(record: ScannedRecord, before: ScanState): void;
  /** Gives out what is still held; only conversations idle since an offset when one is given. */
  close(since?: number): void;
  /** Where to begin again at a place of the scan, so that what is held then is read whole. */
  resumeFrom(scan: ScanState): Pick<ArchiveCursor, "scan" | "begun" | "open">;
}

/** What reading gives; undefined, and a loss, when a format met something that it does not expect. */
export function attempt<Result>(
  sink: ConversationSink,
  { ignored }: { ignored?: Ignored },
  read: () => Result,
): Result | undefined {
  try {
    return watchLeftOut(sink, ignored, read);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    sink.lose("unreadable_record", reason);
    return undefined;
  }
}
