import type { WorkingLife } from "./working_life.ts";

/** What is left is for waking a successor, and for calls until it is there. */
const HAND_OVER_AT = 0.8;

/** Has a successor woken before the budget is used up, so that its start-up is not felt. */
export async function handOver(life: WorkingLife): Promise<void> {
  const { queue, holding, change, settings: { budgetMs } } = life;
  await change.until(
    () => !life.isOpen() || life.spent() >= HAND_OVER_AT,
    budgetMs * HAND_OVER_AT,
  );
  if (!life.isOpen()) return;
  // Measured from the first call: before it the worker may have waited for slots.
  const spent = life.spent();
  const used = spent - life.spentBefore;
  const toCome = used > 0 ? Math.floor(life.calls * (1 - spent) / used) : 0;
  await queue.handOver(holding.size - holding.stock.length + toCome);
}
