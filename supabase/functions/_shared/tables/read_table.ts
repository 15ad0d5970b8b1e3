import type { PromptEvent } from "../archive/archive_event.ts";
import type { ExtractOptions } from "../archive/options.ts";
import { readArchive } from "../archive/read_archive.ts";
import type { ArchiveError } from "../archive/archive_error.ts";
import type { LeftOut } from "../archive/left_out_tally.ts";
import type { Database } from "../database.ts";
import { promptKey } from "../prompt_key.ts";
import type { TableCursor, TablePage } from "./table_page.ts";

/** Where a prompt stands in its table, by which it is known again. */
export interface RowOfPrompt {
  /** The primary key; of a row that is a whole conversation with the message in it. */
  id: string;
  /** The key of the prompt, which another text has not. */
  key: string;
  /** How new the row is; null: it is not told, or the row grows. */
  number: number | null;
}

export interface TablePrompt extends PromptEvent {
  row: RowOfPrompt;
  /** Of a question without an answer: until when it waits for one, ISO 8601. */
  waitsUntil?: string;
}

/** What a page of a table gives. */
export interface ReadPage {
  prompts: TablePrompt[];
  /** Questions of the last minutes that nobody has answered yet: they are read again. */
  waiting: TablePrompt[];
  /** When the last of them has waited long enough: ISO 8601. */
  waitsUntil: string | undefined;
  errors: ArchiveError[];
  leftOut: LeftOut[];
  conversations: number;
}

/** Reads a page of a table source; see `pipeline_read_table()`. */
export function fetchPage(
  database: Database,
  source: object,
  owner: string | null,
  cursor: TableCursor | null,
): Promise<TablePage> {
  return database.call("pipeline_read_table", { source, owner, cursor });
}

/**
 * The prompts of a page that are wanted: of what is new those of new rows that were not taken yet. The
 * lines are read as any archive is, so that there is one reader for all.
 */
export async function readPage(
  page: TablePage,
  options: ExtractOptions,
): Promise<ReadPage> {
  const read: ReadPage = {
    prompts: [],
    waiting: [],
    waitsUntil: undefined,
    errors: [],
    leftOut: [],
    conversations: 0,
  };
  const found: TablePrompt[] = [];
  const events = readArchive(
    streamOf(page.lines),
    { path: page.table },
    // A row is a message, whatever the template needs.
    { ...options, variables: false },
    undefined,
    { format: page.format ?? undefined, checkpointBytes: Infinity },
  );
  for await (const event of events) {
    if (event.type === "prompt") found.push(toTablePrompt(event, page));
    // A page without rows is no file without content.
    else if (event.type === "error" && event.error.code !== "empty") {
      read.errors.push(event.error);
    } else if (event.type === "leftOut") {
      // A page of a table may well have none.
      if (event.leftOut.code !== "no_prompts") read.leftOut.push(event.leftOut);
    } else if (event.type === "end") read.conversations = event.conversations;
  }
  const taken = new Set(page.taken?.map(([id, key]) => `${id}\n${key}`));
  const last = new Map(
    found.map(({ conversation, prompt }) =>
      [conversation, prompt.source.position] as const
    ),
  );
  const isWaiting = waits(page);
  for (const prompt of found) {
    const { row } = prompt;
    if (page.fresh !== null && row.number === undefined) continue;
    if (taken.has(`${row.id}\n${row.key}`)) continue;
    const isLast =
      last.get(prompt.conversation) === prompt.prompt.source.position;
    const until = isLast ? isWaiting(prompt) : undefined;
    if (until === undefined) read.prompts.push(prompt);
    else {
      read.waiting.push({ ...prompt, waitsUntil: until });
      if (until > (read.waitsUntil ?? "")) read.waitsUntil = until;
    }
  }
  return read;
}

function toTablePrompt(event: PromptEvent, page: TablePage): TablePrompt {
  const { prompt, conversation, message } = event;
  const isWhole = page.format === null;
  const id = isWhole ? String(conversation) : prompt.source.messageId ?? "";
  prompt.source.key = toKey(page.idColumns, id);
  // Needed here anyway: the database need not make it again.
  prompt.key ??= promptKey(prompt);
  const numbers = page.fresh ?? page.recent;
  const number = numbers !== null && Object.hasOwn(numbers, id)
    ? numbers[id]
    // The first time all rows are wanted, and old ones need no remembering.
    : page.recent !== null
    ? 0
    : undefined;
  return {
    ...event,
    row: {
      id: isWhole ? `${id}\u001f${message}` : id,
      key: prompt.key,
      // Undefined: its row is not among the new ones.
      number: (isWhole && number !== undefined ? null : number) as number,
    },
  };
}

/** The primary key, of a row that is a whole conversation, too. */
export function rowIdOf({ id }: RowOfPrompt): string {
  return id.split("\u001f")[0];
}

function toKey(columns: string[], id: string): Record<string, unknown> {
  if (columns.length === 1) return { [columns[0]]: id };
  const values = JSON.parse(id);
  return Object.fromEntries(
    columns.map((name, index) => [name, values[index]]),
  );
}

/** Until when a question without an answer waits for it; undefined: it has waited long enough. */
function waits(
  { settleSeconds, readAt, cursor }: TablePage,
): (prompt: TablePrompt) => string | undefined {
  const now = Date.parse(readAt);
  const settle = settleSeconds * 1000;
  return ({ prompt, row }) => {
    if (prompt.reference !== undefined || !prompt.text) return undefined;
    // The others have been waited for.
    if (cursor.conversations !== undefined) {
      const until = cursor.until?.[rowIdOf(row)];
      return until !== undefined && Date.parse(until) > now ? until : undefined;
    }
    if (settle <= 0) return undefined;
    const asked = prompt.source.time === undefined
      ? now
      : Math.min(now, Date.parse(prompt.source.time));
    return asked + settle > now
      ? new Date(asked + settle).toISOString()
      : undefined;
  };
}

function streamOf(lines: string): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      controller.enqueue(new TextEncoder().encode(lines));
      controller.close();
    },
  });
}
