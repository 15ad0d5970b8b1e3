import { claimTasks } from "./claim_tasks.ts";
import { handOver } from "./hand_over.ts";
import { keepLeases } from "./keep_leases.ts";
import { storeResults } from "./store_results.ts";
import type { TaskHandler } from "./task_handler.ts";
import type { TaskQueue } from "./task_queue.ts";
import { type DrainSettings, WorkingLife } from "./working_life.ts";

/**
 * Claims tasks and works on them until none is to come, a successor is there or the time is up.
 *
 * There is no barrier: a slot that falls free takes the next task at once, from a small stock that
 * is claimed ahead, and results are stored in micro-batches while other tasks are in flight.
 */
export async function drain(
  queue: TaskQueue,
  handle: TaskHandler,
  settings: DrainSettings,
): Promise<void> {
  const life = new WorkingLife(queue, handle, settings);
  const stop = () => life.end("stopped");
  settings.stop.addEventListener("abort", stop);
  if (settings.stop.aborted) stop();
  let problem: string | undefined;
  try {
    await Promise.all([
      claimTasks(life),
      storeResults(life),
      keepLeases(life),
      handOver(life),
    ]);
  } catch (error) {
    problem = error instanceof Error ? error.message : String(error);
    throw error;
  } finally {
    settings.stop.removeEventListener("abort", stop);
    stop();
    try {
      await queue.end({ called: life.holding.called, problem });
    } finally {
      // Last, because aborting a hundred calls takes processor time that storing results needed.
      for (const call of life.holding.inFlight.values()) {
        call.abort(settings.stop.reason);
      }
    }
  }
}
