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
