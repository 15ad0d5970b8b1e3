/** Where the next page of a table begins; made and read by the database. */
export interface TableCursor {
  isEnd?: true;
  /** What is lost in all of the table has been told. */
  isLater?: true;
  /** Conversations to read again, those alone. */
  conversations?: string[];
  /** Of them the rows that are wanted, and how new they are. */
  wanted?: Record<string, number | null>;
  /** Until when each of these rows waits for its answer: ISO 8601; absent: no longer. */
  until?: Record<string, string>;
  /** Of a source that takes what is new: where the next scan begins. */
  resumeFrom?: number;
}

/** What `pipeline_read_table()` answers; see its comment in SQL. */
export interface TablePage {
  /** A record a line, as JSON. */
  lines: string;
  /** schema.name */
  table: string;
  layout: string;
  /** Of the archive reader; null: a row is a whole conversation, whose format its record tells. */
  format: string | null;
  /** The primary key. */
  idColumns: string[];
  /** The rows whose prompts are wanted, and how new they are; null: all. */
  fresh: Record<string, number | null> | null;
  /** The first time that new rows are taken: those that the next scan looks at again. */
  recent: Record<string, number> | null;
  /** Prompts of them that an earlier run has taken: row and key. */
  taken: [string, string][] | null;
  losses: { code: string; message: string; place: Record<string, unknown> }[];
  settleSeconds: number;
  /** ISO 8601 */
  readAt: string;
  cursor: TableCursor;
}
