import type { Database } from "../database.ts";
import type { FoundPrompt } from "../prompt.ts";
import { toStorableJson } from "../storable_json.ts";
import type { RowOfPrompt } from "../tables/read_table.ts";
import type { TaskError } from "../task_error.ts";

export type Stage =
  | "extract"
  | "execute"
  | "evaluate"
  | "webhook"
  | "judge"
  | "notify";

export const RUN_STATUSES = [
  "queued",
  "running",
  "paused",
  "completed",
  "failed",
  "cancelled",
] as const;
export type RunStatus = typeof RUN_STATUSES[number];

/** A task that this worker holds. */
export interface Task<Payload = unknown> {
  id: number;
  key: string;
  /** 1 for the first try. */
  attempt: number;
  payload: Payload;
  /** Which repetition of its prompt in the run, from 1. */
  repetition: number;
  /** ISO 8601; when the task became due. */
  enqueuedAt: string;
  leaseToken: string;
  /** The result of the same task in an earlier run, when the run caches. */
  cached?: Record<string, unknown>;
  /** Output tokens that its call must ask for at most, because money is set aside for so many. */
  maxTokens?: number | null;
}

/** How a worker ended. */
export interface WorkerEnd {
  /** Tasks whose call was made and whose result is not stored. */
  called?: number[];
  /** The error that ended it; absent: it ended in order. */
  problem?: string;
  /** How much its isolate has done, in usual loads of a worker. */
  load?: number;
  /** Its isolate ran out of processor time: workers after it take less. */
  isCutOff?: boolean;
  /** Whether its isolate can go on with another run. */
  goesOn?: boolean;
}

export interface TaskToEnqueue {
  stage: Stage;
  key: string;
  payload?: unknown;
  /** What a task of stage execute asks. */
  prompt?: FoundPrompt;
  /** From 0 to below 1, where the database draws a sample of n. */
  rank?: number;
  /** Of a prompt from a table: its row, by which it is taken once. */
  row?: RowOfPrompt;
  /** ISO 8601 or "infinity"; absent: at once. */
  availableAt?: string;
}

/** Something that could not be read and is therefore missing from the result. */
export interface Loss {
  /** Absent: it could not be read. */
  class?: "left_out";
  code: string;
  message: string;
  place: Record<string, unknown>;
}

/** What a handler made of a task. Fields beyond `outcome` and `error` depend on the stage. */
export type TaskOutcome =
  & Record<string, unknown>
  & ({ outcome: "succeeded" } | { outcome: "failed"; error: TaskError });

export interface Claim {
  status: RunStatus;
  /** How many tasks may be worked on at the same time. */
  slots: number;
  /** Other workers still hold slots that are due to this one: it is worth asking soon. */
  moreSlots?: true;
  /** This worker's successor has started: it gets no more tasks. */
  handedOver?: true;
  /** Its run has no slot: another worker is woken when it is its turn. */
  noShare?: true;
  tasks: Task[];
  /** When to ask again, in milliseconds; null: nothing is to come. */
  waitMs: number | null;
}

/** The queue as one worker sees it. */
export interface TaskQueue {
  /** `load`: how much its isolate has done, in usual loads of a worker. */
  claim(
    holding: { inFlight: number; held: number; ahead: number; load?: number },
  ): Promise<Claim>;
  /** The heartbeat. `held` lists the tasks that are still this worker's. */
  extend(): Promise<{ status: RunStatus; held: number[] }>;
  checkpoint(
    task: Task,
    progress: { payload: object; enqueue: TaskToEnqueue[]; losses: Loss[] },
  ): Promise<{ status: RunStatus; full: boolean }>;
  /**
   * The same for a page of a table, whose prompts are taken whole or not at all. `goesOn`: the task is
   * due again later by itself.
   */
  checkpointTable(
    task: Task,
    progress: { payload: object; enqueue: TaskToEnqueue[]; losses: Loss[] },
  ): Promise<{ status: RunStatus; full: boolean; goesOn: boolean }>;
  /** Enqueues more of the list of prompts that the task stands for. */
  continueList(
    task: Task,
  ): Promise<{ status: RunStatus; next: "more" | "end" | "waits" | "failed" }>;
  /**
   * `status`: after these results. `blockedMs`: for so long no call may leave, because of a rate limit
   * that some worker met.
   */
  finish(
    results: { task: Task; outcome: TaskOutcome }[],
  ): Promise<{ status: RunStatus; finished: number[]; blockedMs: number }>;
  release(tasks: Task[]): Promise<void>;
  /** `capacity`: so many tasks this worker can still finish, those in hand included. */
  handOver(capacity: number): Promise<void>;
  /** What it can go on with, when `goesOn`; null: no run waits. */
  end(how: WorkerEnd): Promise<unknown>;
}

/** The typed door to the SQL functions of the queue. */
export function createTaskQueue(
  database: Database,
  workerId: string,
): TaskQueue {
  const worker = { worker_id: workerId };
  return {
    async claim({ inFlight, held, ahead, load }) {
      const claim: Omit<Claim, "tasks"> & {
        leaseToken: string;
        tasks: Omit<Task, "leaseToken">[];
      } = await database.call("pipeline_claim_tasks", {
        ...worker,
        in_flight: inFlight,
        held,
        ahead,
        load,
      });
      return {
        ...claim,
        waitMs: claim.waitMs ?? null,
        tasks: claim.tasks.map((task) => ({
          ...task,
          leaseToken: claim.leaseToken,
        })),
      };
    },
    extend: () => database.call("pipeline_extend_leases", worker),
    checkpoint: (task, progress) =>
      database.call("pipeline_checkpoint_task", {
        ...worker,
        task_id: task.id,
        lease_token: task.leaseToken,
        ...toStorableJson(progress),
      }),
    checkpointTable: (task, progress) =>
      database.call("pipeline_checkpoint_table", {
        ...worker,
        task_id: task.id,
        lease_token: task.leaseToken,
        ...toStorableJson(progress),
      }),
    continueList: (task) =>
      database.call("pipeline_continue_list", {
        ...worker,
        task_id: task.id,
        lease_token: task.leaseToken,
      }),
    finish: (results) =>
      database.call("pipeline_finish_tasks", {
        ...worker,
        results: toStorableJson(results.map(({ task, outcome }) => ({
          id: task.id,
          leaseToken: task.leaseToken,
          ...outcome,
        }))),
      }),
    async release(tasks) {
      await database.call("pipeline_release_tasks", {
        ...worker,
        task_ids: tasks.map((task) => task.id),
      });
    },
    async handOver(capacity) {
      await database.call("pipeline_hand_over", { ...worker, capacity });
    },
    end: ({ called, problem, load, isCutOff, goesOn }) =>
      database.call("pipeline_end_worker", {
        ...worker,
        load,
        cut_off: isCutOff,
        called,
        problem,
        goes_on: goesOn,
      }),
  };
}
