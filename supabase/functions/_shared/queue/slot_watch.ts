import type { Clock } from "../clock.ts";
import type { Claim } from "./task_queue.ts";

/**
 * Slots that another worker may give back at any time are asked for after a twenty-fifth of the time
 * that this one has waited for them, but not sooner than after 5 ms: with calls of 200 ms a slot is
 * idle for about as long as the two requests take, and in the minutes that slow ones take the
 * database is asked two hundred times.
 */
const SHARE_OF_WAIT = 1 / 25;
const LEAST_WAIT_MS = 5;

/** How many tasks may be worked on at the same time, and when to ask for more. */
export interface SlotWatch {
  readonly slots: number;
  /** Slots that other workers have still to give back. */
  readonly toCome: number;
  /** When to claim again although there is enough in stock; Infinity: no slots are to come. */
  readonly askAt: number;
  /** When to claim again after a claim that gave no tasks. */
  afterNothing(waitMs: number | null): number;
  take(claim: Claim): void;
}

/** `mostMs`: a predecessor that died is noticed only by asking, so this is how long not to ask. */
export function createSlotWatch(
  clock: Pick<Clock, "now">,
  mostMs: number,
): SlotWatch {
  let slots = 0;
  let toCome = 0;
  let since = clock.now();
  let askAt = Infinity;

  return {
    get slots() {
      return slots;
    },
    get toCome() {
      return toCome;
    },
    get askAt() {
      return askAt;
    },
    afterNothing(waitMs) {
      if (slots === 0 && askAt < Infinity) return askAt;
      // What is in flight may come back for another try.
      return Math.min(askAt, clock.now() + (waitMs ?? 250));
    },
    take(claim) {
      const now = clock.now();
      const { moreSlots = 0, moreSlotsMs = Infinity } = claim;
      // The wait begins when they are expected.
      const expected = now + moreSlotsMs;
      since = claim.slots !== slots || moreSlotsMs > 0
        ? expected
        : Math.min(since, expected);
      slots = claim.slots;
      toCome = moreSlots;
      askAt = moreSlots === 0 ? Infinity : now + Math.max(
        Math.min(moreSlotsMs, mostMs),
        (now - since) * SHARE_OF_WAIT,
        LEAST_WAIT_MS,
      );
    },
  };
}
