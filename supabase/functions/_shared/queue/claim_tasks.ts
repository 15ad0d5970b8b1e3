import type { WorkingLife } from "./working_life.ts";

/**
 * Slots that other workers hold are asked for after 25 ms, and after half as long again whenever
 * none has come: in the 60 s that a slow model takes that is 65 claims, and with a fast one a slot is
 * idle for some 20 ms.
 */
const FIRST_POLL_MS = 25;
const LONGEST_POLL_MS = 1_000;

/** Claims whenever the stock runs short or slots may have come, until the worker claims no more. */
export async function claimTasks(life: WorkingLife): Promise<void> {
  const { queue, holding, change, stockPlan, settings: { clock } } = life;
  let notBefore = 0;
  let pollMs = FIRST_POLL_MS;

  function isDue() {
    const now = clock.now();
    const isShort = life.slots === 0 ||
      holding.stock.length <= stockPlan.ahead / 2;
    return life.phase === "working" &&
      (now >= life.askAt || isShort && now >= notBefore);
  }

  while (life.isOpen()) {
    if (!isDue()) {
      const now = clock.now();
      const times = [notBefore, life.askAt, life.endsAt];
      await change.until(
        () => !life.isOpen() || isDue(),
        Math.min(...times.filter((time) => time > now)) - now,
      );
      continue;
    }
    const { halts } = life;
    life.askAt = Infinity;
    const claim = await queue.claim({
      inFlight: holding.inFlight.size,
      held: holding.inFlight.size + holding.stock.length,
      ahead: stockPlan.ahead,
    });
    if (life.phase === "stopped") return;
    life.heed(claim.status);
    const isNothing = claim.tasks.length === 0 && claim.waitMs === null;
    const hasNoShare = claim.noShare && holding.size === 0;
    if (claim.handedOver || hasNoShare || isNothing && holding.size === 0) {
      break;
    }

    const now = clock.now();
    pollMs = claim.moreSlots && claim.slots <= life.slots
      ? Math.min(pollMs * 1.5, LONGEST_POLL_MS)
      : FIRST_POLL_MS;
    if (claim.moreSlots) life.askAt = Math.min(life.askAt, now + pollMs);
    // What is in flight may come back for another try.
    const waitMs = claim.waitMs ?? (isNothing ? 250 : 0);
    notBefore = now + (claim.moreSlots && claim.slots === 0 ? pollMs : waitMs);
    life.slots = claim.slots;
    holding.take(claim.tasks);
    // Claimed before the database knew of the error.
    if (life.halts > halts) await life.releaseStock();
    life.startMore();
    stockPlan.plan(claim.slots);
  }
  life.end();
  if (!life.isOver()) await life.releaseStock();
}
