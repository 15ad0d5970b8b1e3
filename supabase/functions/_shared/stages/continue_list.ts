import type { WorkerState } from "../queue/drain.ts";
import type { Task, TaskOutcome, TaskQueue } from "../queue/task_queue.ts";

/**
 * Has the database enqueue what is left of a run's list of prompts, a part at a time. Null: the run
 * was stopped or the worker's time is up, and another worker goes on.
 */
export async function continueList(
  task: Task,
  { signal, isSpent }: WorkerState,
  queue: Pick<TaskQueue, "continueList">,
): Promise<TaskOutcome | null> {
  for (;;) {
    const { status, isComplete } = await queue.continueList(task);
    if (isComplete) return { outcome: "succeeded" };
    if (status !== "running" || isSpent()) return null;
    signal.throwIfAborted();
  }
}
