import type { ArchiveCursor } from "../archive/archive_event.ts";
import type { ExtractOptions } from "../archive/options.ts";
import { readArchive } from "../archive/read_archive.ts";
import { countBytes } from "../count_bytes.ts";
import { PipelineError } from "../errors.ts";
import type { TaskHandler, WorkerState } from "../queue/task_handler.ts";
import type {
  Loss,
  Task,
  TaskOutcome,
  TaskQueue,
  TaskToEnqueue,
} from "../queue/task_queue.ts";
import type { ArchiveStorage, OpenObject, StoragePage } from "../storage.ts";
import type { TableCursor, TablePage } from "../tables/table_page.ts";
import { continueList } from "./continue_list.ts";
import { extractTable, type TablePayload } from "./extract_table.ts";
import { promptTask, toLoss } from "./prompt_task.ts";

/** What is left of a run's list of prompts, a page of a folder to list, or an archive to read. */
export type ExtractPayload =
  | { kind: "list"; after: number }
  | {
    kind: "folder";
    bucket: string;
    /** Only paths that begin with it. */
    prefix: string;
    /** Where the page begins; absent: 0. */
    offset?: number;
  }
  | {
    kind: "archive";
    bucket: string;
    path: string;
    version: string;
    cursor?: ArchiveCursor | null;
  }
  | TablePayload;

export interface ExtractDependencies {
  storage: ArchiveStorage;
  queue: Pick<TaskQueue, "checkpoint" | "checkpointTable" | "continueList">;
  readTable(source: object, cursor: TableCursor | null): Promise<TablePage>;
  options: ExtractOptions;
  /** Told how many bytes were read, for the budget of processor time. */
  onBytes(count: number): void;
}

/** Prompts are enqueued in groups of this many, so that no request grows large. */
const GROUP_SIZE = 500;

/** Works on stage extract: goes on with lists, lists folders, reads archives and tables into execute tasks. */
export function createExtractHandler(
  dependencies: ExtractDependencies,
): TaskHandler {
  return async function extract(task, worker) {
    const payload = task.payload as ExtractPayload;
    try {
      switch (payload.kind) {
        case "list":
          return await continueList(task, worker, dependencies.queue);
        case "folder":
          return await listFolder(task, payload, dependencies);
        case "archive":
          return await extractArchive(task, payload, worker, dependencies);
        case "table":
          return await extractTable(task, payload, worker, dependencies);
      }
    } catch (error) {
      if (worker.signal.aborted) return null;
      return toFailure(error, payload);
    }
  };
}

async function listFolder(
  task: Task,
  { bucket, prefix, offset = 0 }: ExtractPayload & { kind: "folder" },
  { storage }: ExtractDependencies,
): Promise<TaskOutcome> {
  // Storage lists a bucket that does not exist as an empty one.
  if (task.key === "source") await storage.checkBucket(bucket);
  const folder = prefix.slice(0, Math.max(0, prefix.lastIndexOf("/")));
  const page = await storage.list(bucket, folder, offset);
  return {
    outcome: "succeeded",
    enqueue: toTasks(page, bucket, prefix),
  };
}

function toTasks(
  page: StoragePage,
  bucket: string,
  prefix: string,
): TaskToEnqueue[] {
  const tasks: TaskToEnqueue[] = [];
  for (const folder of page.folders) {
    if (!`${folder}/`.startsWith(prefix)) continue;
    tasks.push(folderTask({ bucket, prefix: `${folder}/` }));
  }
  for (const { path, version } of page.objects) {
    if (!path.startsWith(prefix)) continue;
    tasks.push({
      stage: "extract",
      key: `archive:${path}`,
      payload: { kind: "archive", bucket, path, version },
    });
  }
  if (page.nextOffset !== null) {
    tasks.push(folderTask({ bucket, prefix, offset: page.nextOffset }));
  }
  return tasks;
}

function folderTask(
  folder: { bucket: string; prefix: string; offset?: number },
): TaskToEnqueue {
  return {
    stage: "extract",
    key: `folder:${folder.prefix}:${folder.offset ?? 0}`,
    payload: { kind: "folder", ...folder },
  };
}

async function extractArchive(
  task: Task,
  payload: ExtractPayload & { kind: "archive" },
  { signal, isSpent }: WorkerState,
  { storage, queue, options, onBytes }: ExtractDependencies,
): Promise<TaskOutcome | null> {
  const { bucket, path } = payload;
  const { object, cursor } = await openWhereItWas(storage, payload, signal);
  const archive = { bucket, path, originalPath: object.originalPath };
  const events = readArchive(
    countBytes(object.bytes, onBytes),
    archive,
    options,
    cursor ?? undefined,
    { skip: object.skip },
  );
  let enqueue: TaskToEnqueue[] = [];
  let losses: Loss[] = [];
  const progress = async (moved: object) => {
    const answer = await queue.checkpoint(task, {
      payload: { version: object.version, ...moved },
      enqueue,
      losses,
    });
    enqueue = [];
    losses = [];
    return answer;
  };
  for await (const event of events) {
    signal.throwIfAborted();
    if (event.type === "prompt") {
      enqueue.push(promptTask(event, options));
      // Keys make repeated prompts harmless, so they need not wait for a checkpoint; losses do.
      if (enqueue.length % GROUP_SIZE === 0 && losses.length === 0) {
        if ((await progress({})).full) return { outcome: "succeeded" };
      }
    } else if (event.type === "error") {
      losses.push(toLoss(event.error, archive));
    } else if (event.type === "leftOut") {
      losses.push({ class: "left_out", ...toLoss(event.leftOut, archive) });
    } else if (event.type === "checkpoint") {
      const { status, full } = await progress({ cursor: event.cursor });
      if (full) return { outcome: "succeeded" };
      if (status !== "running" || isSpent()) return null;
    } else {
      const { type: _, ...report } = event;
      return {
        outcome: "succeeded",
        enqueue,
        losses,
        payload: { version: object.version, cursor: null, report },
      };
    }
  }
  throw new Error(`readArchive() of ${path} ended without an end event`);
}

/** Continues at the cursor, or from the start when the object is not the one it belongs to. */
async function openWhereItWas(
  storage: ArchiveStorage,
  payload: ExtractPayload & { kind: "archive" },
  signal: AbortSignal,
): Promise<{ object: OpenObject; cursor: ArchiveCursor | null }> {
  const { bucket, path, cursor } = payload;
  const object = await storage.open(bucket, path, cursor?.offset ?? 0, signal);
  if (!cursor || object.version === payload.version) {
    return { object, cursor: cursor ?? null };
  }
  await object.bytes.cancel();
  return {
    object: await storage.open(bucket, path, 0, signal),
    cursor: null,
  };
}

function toFailure(error: unknown, payload: ExtractPayload): TaskOutcome {
  const known = error instanceof PipelineError;
  const final = known && error.code !== "unavailable";
  return {
    outcome: "failed",
    error: {
      class: final ? "permanent" : "transient",
      code: known ? error.code : "interrupted",
      message: error instanceof Error ? error.message : String(error),
      place: toPlace(payload),
    },
  };
}

function toPlace(payload: ExtractPayload): Record<string, unknown> {
  switch (payload.kind) {
    case "list":
      return { after: payload.after };
    case "folder":
      return { bucket: payload.bucket, prefix: payload.prefix };
    case "archive":
      return { bucket: payload.bucket, path: payload.path };
    case "table":
      return { source: payload.source };
  }
}
