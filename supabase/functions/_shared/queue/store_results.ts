import { finishResults } from "./finish_results.ts";
import type { Done } from "./holding.ts";
import type { TaskOutcome } from "./task_queue.ts";
import type { WorkingLife } from "./working_life.ts";

const FLUSH_MS = 100;

/** Stores results in micro-batches while other tasks are in flight, until nothing is held. */
export async function storeResults(life: WorkingLife): Promise<void> {
  const { queue, holding, change, settings: { flushSize = 100 } } = life;
  for (;;) {
    await change.until(() => holding.done.length > 0 || life.isOver());
    if (holding.done.length === 0) return;
    await change.until(
      () =>
        life.phase !== "working" || holding.inFlight.size === 0 ||
        holding.done.length >= flushSize,
      FLUSH_MS,
    );
    const batch = holding.done.slice(0, flushSize);
    const results = batch.filter(isResult);
    const givenBack = batch.filter((item) => !isResult(item));
    if (results.length > 0) {
      const { status, blockedMs } = await finishResults(queue, results);
      life.heed(status);
      // Another worker may have met the limit.
      if (blockedMs > 0) life.halt();
    }
    if (givenBack.length > 0) {
      await queue.release(givenBack.map(({ task }) => task));
    }
    holding.dropStored(new Set(batch));
    if (life.phase === "halted") {
      await life.releaseStock();
      life.resume();
    }
    change.announce();
  }
}

function isResult(item: Done): item is Done & { outcome: TaskOutcome } {
  return item.outcome !== null;
}
