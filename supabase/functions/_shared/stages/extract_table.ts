import { ahead } from "../ahead.ts";
import { promptTask, toLoss } from "./prompt_task.ts";
import type { ExtractOptions } from "../archive/options.ts";
import type { WorkerState } from "../queue/task_handler.ts";
import type {
  Loss,
  Task,
  TaskOutcome,
  TaskQueue,
  TaskToEnqueue,
} from "../queue/task_queue.ts";
import {
  type ReadPage,
  readPage,
  rowIdOf,
  type TablePrompt,
} from "../tables/read_table.ts";
import type { TableCursor, TablePage } from "../tables/table_page.ts";
import {
  cursorOfWaiting,
  type WaitingTurns,
  withoutAnswered,
} from "../tables/waiting_turns.ts";

/** A table to read, or of it conversations whose last question waited for an answer. */
export interface TablePayload {
  kind: "table";
  /** With `watch`, the turns of a live app, which are taken with their answers, again and again. */
  source: { watch?: number };
  cursor?: TableCursor | null;
  /** Of a watch: questions that earlier scans have found without an answer. */
  waits?: WaitingTurns;
}

export interface TableDependencies {
  queue: Pick<TaskQueue, "checkpointTable">;
  readTable(source: object, cursor: TableCursor | null): Promise<TablePage>;
  options: ExtractOptions;
  onBytes(count: number): void;
}

/**
 * Reads a table page by page, each with one checkpoint, so that a page is taken whole or not at all.
 * Questions without an answer that are younger than the source's `settle` become a task of their own,
 * which is due when they are not; a watch looks at them again with each scan. Null: another worker goes
 * on, of a watch with the next scan.
 */
export async function extractTable(
  task: Task,
  payload: TablePayload,
  { signal, isSpent }: WorkerState,
  { queue, readTable, options, onBytes }: TableDependencies,
): Promise<TaskOutcome | null> {
  const { source } = payload;
  const isWatch = source.watch !== undefined;
  let waits = payload.waits ?? {};
  /** Where to read after a page; undefined: it was the last. */
  const follow = (cursor: TableCursor): TableCursor | null | undefined => {
    if (cursor.isEnd !== true) return cursor;
    // First those that waited, then what is new.
    return isWatch && cursor.conversations !== undefined ? null : undefined;
  };
  const start = payload.cursor
    ? follow(payload.cursor)
    : isWatch
    ? cursorOfWaiting(waits)
    : null;
  async function* fetchPages(): AsyncGenerator<TablePage, void> {
    let cursor = start;
    while (cursor !== undefined) {
      const page = await readTable(source, cursor);
      yield page;
      cursor = follow(page.cursor);
    }
  }
  async function* readPages() {
    for await (const page of ahead(fetchPages())) {
      signal.throwIfAborted();
      onBytes(page.lines.length);
      yield { page, read: await readPage(page, options) };
    }
  }
  // The database reads a page while another is parsed and a third is stored.
  for await (const { page, read } of ahead(readPages())) {
    signal.throwIfAborted();
    const isKnownAgain = page.cursor.resumeFrom !== undefined;
    const enqueue: TaskToEnqueue[] = read.prompts.map((prompt) => ({
      ...promptTask(prompt, options),
      ...isKnownAgain && { row: prompt.row },
    }));
    if (isWatch) waits = withoutAnswered(waits, read, page.cursor);
    else if (read.waitsUntil !== undefined) {
      enqueue.push(settleTask(source, read.waiting, page, read.waitsUntil));
    }
    const { status, full, goesOn } = await queue.checkpointTable(task, {
      payload: { cursor: page.cursor, ...isWatch && { waits } },
      enqueue,
      losses: toLosses(page, read, isWatch),
    });
    if (goesOn) return null;
    if (full) break;
    const isLast = follow(page.cursor) === undefined;
    if (!isLast && (status !== "running" || isSpent())) return null;
  }
  return { outcome: "succeeded" };
}

function toLosses(page: TablePage, read: ReadPage, isWatch: boolean): Loss[] {
  const place = { path: page.table };
  return [
    ...page.losses,
    ...read.errors.map((error) => toLoss(error, place)),
    // A watch reads the same conversations many times, and would count it as often.
    ...(isWatch ? [] : read.leftOut).map((leftOut) => ({
      class: "left_out" as const,
      ...toLoss(leftOut, place),
    })),
  ];
}

function settleTask(
  source: { watch?: number },
  waiting: TablePrompt[],
  { cursor: { resumeFrom } }: TablePage,
  availableAt: string,
): TaskToEnqueue {
  const rows = waiting.map(({ row }) => row);
  const conversations = [
    ...new Set(waiting.map(({ conversation }) => String(conversation))),
  ];
  const payload: TablePayload = {
    kind: "table",
    source,
    cursor: {
      conversations,
      wanted: Object.fromEntries(
        rows.map((row) => [rowIdOf(row), row.number ?? null]),
      ),
      ...resumeFrom !== undefined && { resumeFrom },
    },
  };
  return {
    stage: "extract",
    key: `settle:${rows[0].id}:${availableAt}`.slice(0, 500),
    payload,
    availableAt,
  };
}
