import type { Clock } from "../clock.ts";

/** Milliseconds of work to hold in stock, so that a claim is answered before the stock is empty. */
const STOCK_MS = 300;
const STOCK_LIMIT = 500;

/** Learns from the pace how much stock bridges the time that a claim takes. */
export interface StockPlan {
  /** How many tasks to claim beyond those that fill the slots. */
  readonly ahead: number;
  /** To be called for each task that is over. */
  countOne(): void;
  /** To be called after each claim. */
  plan(slots: number): void;
}

export function createStockPlan(clock: Pick<Clock, "now">): StockPlan {
  let ahead = 0;
  let completed = 0;
  // Begins with the first task that is over: until then a worker may have waited for its slots.
  let measuredAt: number | undefined;
  let isPaceKnown = false;

  return {
    get ahead() {
      return ahead;
    },
    countOne() {
      if (measuredAt === undefined) measuredAt = clock.now();
      else completed++;
    },
    plan(slots) {
      const now = clock.now();
      const elapsed = now - (measuredAt ?? now);
      if (elapsed >= STOCK_MS && completed > 0) {
        const due = Math.ceil(completed / elapsed * STOCK_MS);
        ahead = Math.min(due, STOCK_LIMIT);
        isPaceKnown = true;
        measuredAt = now;
        completed = 0;
      } else if (!isPaceKnown) {
        // Enough for every slot once more.
        ahead = Math.min(slots, STOCK_LIMIT);
      }
    },
  };
}
