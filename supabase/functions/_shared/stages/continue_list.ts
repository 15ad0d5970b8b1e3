import type { WorkerState } from "../queue/task_handler.ts";
import type { Task, TaskOutcome, TaskQueue } from "../queue/task_queue.ts";

const SOURCE_FAILED: TaskOutcome = {
  outcome: "failed",
  error: {
    class: "permanent",
    code: "source_failed",
    message:
      "The run that extracts the prompts of this sweep has failed: mend what it says, then retry the sweep",
  },
};

/**
 * Has the database enqueue what is left of a run's list of prompts, a part at a time. Null: another
 * worker goes on, because the run was stopped, the worker's time is up, or the list is still being
 * filled; of this the database says when.
 */
export async function continueList(
  task: Task,
  { signal, isSpent }: WorkerState,
  queue: Pick<TaskQueue, "continueList">,
): Promise<TaskOutcome | null> {
  for (;;) {
    const { status, next } = await queue.continueList(task);
    if (next === "end") return { outcome: "succeeded" };
    if (next === "failed") return SOURCE_FAILED;
    if (next === "waits" || status !== "running" || isSpent()) return null;
    signal.throwIfAborted();
  }
}
