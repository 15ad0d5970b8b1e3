import type { FoundPrompt } from "../prompt.ts";
import type { ArchiveError } from "./archive_error.ts";
import type { LeftOut, LeftOutState } from "./left_out_tally.ts";
import type { ScanState } from "./records/scanner.ts";

/** Where another worker continues; plain JSON, a few hundred bytes. */
export interface ArchiveCursor {
  /** First byte of the object to ask for; 0 where only reading from the start works (zip, gzip, UTF-16). */
  offset: number;
  /** Number of the zip entry; 0 for other archives. */
  part: number;
  /** Where reading begins again in it. */
  scan: ScanState;
  /** Everything before this offset was given out, but for the conversations in `open`. */
  told: number;
  format: string;
  /** Number of the next conversation of this part. */
  begun: number;
  /** Conversations whose messages are not all there yet; their records are read again. */
  open: OpenConversation[];
  counts: ArchiveCounts;
  /** Of this part. */
  leftOut: LeftOutState;
  /** Formats seen in earlier parts. */
  formats: string[];
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
  prompt: FoundPrompt;
  /** The conversation's own id, or its number in the file. */
  conversation: string | number;
  /** The message's own id, or its position among the prompts of the conversation. */
  message: string | number;
}

export type ArchiveEvent =
  | PromptEvent
  | { type: "error"; error: ArchiveError }
  /** At the end of a file. */
  | { type: "leftOut"; leftOut: LeftOut }
  /** Everything before it was given out; continuing from it gives exactly the rest. */
  | { type: "checkpoint"; cursor: ArchiveCursor }
  | ({ type: "end"; format: string | null } & ArchiveCounts);
