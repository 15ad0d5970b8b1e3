import type { Task, TaskOutcome } from "./task_queue.ts";

/**
 * Works on one task. Rejecting is a bug of the handler and counts as a transient failure; null gives
 * the task back for another worker to go on with.
 */
export type TaskHandler = (
  task: Task,
  worker: WorkerState,
) => Promise<TaskOutcome | null>;

/** What a handler may ask about the worker that it runs in. */
export interface WorkerState {
  /** Aborted when the task was taken away or the isolate is about to be killed. */
  signal: AbortSignal;
  /** Whether it is time to stop; long tasks then checkpoint and give themselves back. */
  isSpent(): boolean;
}
