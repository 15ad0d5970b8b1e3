import type { WorkingLife } from "./working_life.ts";

/** Extends the leases of all that is held, drops what was lost and hears of the run's status. */
export async function keepLeases(life: WorkingLife): Promise<void> {
  const { queue, holding, change, settings: { heartbeatMs = 3_000 } } = life;
  for (;;) {
    await change.until(() => life.isOver(), heartbeatMs);
    if (life.isOver()) return;
    // What is claimed while the heartbeat is under way is not in its answer.
    const asked = holding.open;
    const { status, held } = await queue.extend();
    const kept = new Set(held);
    holding.dropLost(new Set(asked.filter((id) => !kept.has(id))));
    life.heed(status);
    // Its share may have changed.
    life.askAt = 0;
    life.startMore();
    change.announce();
  }
}
