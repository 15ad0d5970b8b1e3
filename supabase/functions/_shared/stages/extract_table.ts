import { promptTask, toLoss } from "./extract_archives.ts";
import type { ExtractOptions } from "../archive/options.ts";
import type { WorkerState } from "../queue/drain.ts";
import type {
  Loss,
  Task,
  TaskOutcome,
  TaskQueue,
  TaskToEnqueue,
} from "../queue/task_queue.ts";
import { readPage, type TablePrompt } from "../tables/read_table.ts";
import type { TableCursor, TablePage } from "../tables/table_page.ts";

/** A table to read, or of it conversations whose last question waited for an answer. */
export interface TablePayload {
  kind: "table";
  source: object;
  cursor?: TableCursor | null;
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
 * which is due when they are not. Null: another worker goes on.
 */
export async function extractTable(
  task: Task,
  payload: TablePayload,
  { signal, isSpent }: WorkerState,
  { queue, readTable, options, onBytes }: TableDependencies,
): Promise<TaskOutcome | null> {
  const { source } = payload;
  let cursor = payload.cursor ?? null;
  let next = cursor?.isEnd === true ? undefined : readTable(source, cursor);
  while (next !== undefined) {
    const page = await next;
    signal.throwIfAborted();
    // The database reads the next page while this one is worked on.
    next = page.cursor.isEnd === true
      ? undefined
      : readTable(source, page.cursor);
    // Whoever stops before it comes does not wait for it.
    next?.catch(() => {});
    onBytes(page.lines.length);
    const read = await readPage(page, options);
    const losses: Loss[] = [
      ...page.losses,
      ...read.errors.map((error) => toLoss(error, { path: page.table })),
      ...read.leftOut.map((leftOut) => ({
        class: "left_out" as const,
        ...toLoss(leftOut, { path: page.table }),
      })),
    ];
    const enqueue: TaskToEnqueue[] = read.prompts.map((prompt) => ({
      ...promptTask(prompt, options),
      row: prompt.row,
    }));
    if (read.waitsUntil !== undefined) {
      enqueue.push(settleTask(source, read.waiting, page, read.waitsUntil));
    }
    cursor = page.cursor;
    const { status, full } = await queue.checkpointTable(task, {
      payload: { cursor },
      enqueue,
      losses,
    });
    if (full) break;
    if (next !== undefined && (status !== "running" || isSpent())) return null;
  }
  return { outcome: "succeeded" };
}

function settleTask(
  source: object,
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
        rows.map(({ id, number }) => [id.split("\u001f")[0], number ?? null]),
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
