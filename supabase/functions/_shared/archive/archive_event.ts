import type { Prompt } from "../prompt.ts";
import type { ScanState } from "./records/scanned_record.ts";

/** Stable codes of what can be lost while an archive is read. */
export type ArchiveErrorCode =
  /** The file is neither JSON nor anything that holds JSON. */
  | "not_json"
  /** The file has no bytes. */
  | "empty"
  /** One record is not JSON. */
  | "invalid_json"
  /** The file ends inside a record. */
  | "cut_off"
  /** One record is larger than `maxConversationBytes`. */
  | "too_large"
  /** A record was read, but some of its bytes are not UTF-8 and came out as U+FFFD. */
  | "invalid_utf8"
  /** JSON of a shape that no format knows. */
  | "unknown_shape"
  /** A record has the shape of a known format but cannot be read as one. */
  | "unreadable_record"
  /** Recognised and refused: not a conversation with a model, or packed in a way that is not read. */
  | "refused_format"
  | "broken_compression"
  /** The file system does not let it be read. */
  | "unreadable_file"
  /** More expanded bytes than allowed: a zip bomb or a very large archive. */
  | "expands_too_far";

/** One loss: what could not be read, where, and what to do. */
export interface ArchiveError {
  code: ArchiveErrorCode;
  message: string;
  /** Zero-based number of the record in its file. */
  record: number;
  /** Byte offset of the record in the expanded file. */
  offset: number;
  /** Name of the entry when the archive is a zip. */
  entry?: string;
}

/** Where another worker continues; plain JSON, a few hundred bytes. */
export interface ArchiveCursor {
  /** First byte of the object to ask for; 0 where only reading from the start works (zip, gzip, UTF-16). */
  offset: number;
  /** Number of the zip entry; 0 for other archives. */
  part: number;
  continuation: PartContinuation;
  counts: ArchiveCounts;
  /** Formats seen in earlier parts. */
  formats: string[];
}

/** Where one file of text is continued. */
export interface PartContinuation {
  /** Where reading begins again. */
  scan: ScanState;
  /** Everything before this offset was given out, but for the conversations in `open`. */
  told: number;
  format: string;
  /** Number of the next conversation of this part. */
  begun: number;
  /** Conversations whose messages are not all there yet; their records are read again. */
  open: OpenConversation[];
}

/** A conversation by its id, null when the file is the conversation, and its number in the file. */
export interface OpenConversation {
  id: string | null;
  index: number;
  /** Offset from which its records count: earlier ones were given out as another conversation. */
  from: number;
}

export interface ArchiveCounts {
  conversations: number;
  prompts: number;
  /** Records that could not be read. */
  skipped: number;
}

/** A prompt and what it is told apart by in its file, where the same may be asked many times. */
export interface PromptEvent {
  type: "prompt";
  prompt: Prompt;
  /** The conversation's own id, or its number in the file. */
  conversation: string | number;
  /** The message's own id, or its position among the prompts of the conversation. */
  message: string | number;
}

export type ArchiveEvent =
  | PromptEvent
  | { type: "error"; error: ArchiveError }
  /** Everything before it was given out; continuing from it gives exactly the rest. */
  | { type: "checkpoint"; cursor: ArchiveCursor }
  | ({ type: "end"; format: string | null } & ArchiveCounts);
