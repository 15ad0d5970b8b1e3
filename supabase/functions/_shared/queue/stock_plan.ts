import type { Clock } from "../clock.ts";

/** Milliseconds of work to hold in stock, so that a claim is answered before the stock is empty. */
const STOCK_MS = 300;
const STOCK_LIMIT = 500;

/** Learns from the pace how much stock bridges the time that a claim takes. */
export class StockPlan {
  /** How many tasks to claim beyond those that fill the slots. */
  ahead = 0;
  #completed = 0;
  // Begins with the first task that is over: until then a worker may have waited for its slots.
  #measuredAt?: number;
  #isPaceKnown = false;

  constructor(readonly clock: Pick<Clock, "now">) {}

  /** To be called for each task that is over. */
  countOne(): void {
    if (this.#measuredAt === undefined) this.#measuredAt = this.clock.now();
    else this.#completed++;
  }

  /** To be called after each claim. */
  plan(slots: number): void {
    const now = this.clock.now();
    const elapsed = now - (this.#measuredAt ?? now);
    if (elapsed >= STOCK_MS && this.#completed > 0) {
      // None where a task takes seconds: a worker with a stock gives no slot back when one ends.
      const due = Math.round(this.#completed / elapsed * STOCK_MS);
      this.ahead = Math.min(due, STOCK_LIMIT);
      this.#isPaceKnown = true;
      this.#measuredAt = now;
      this.#completed = 0;
    } else if (!this.#isPaceKnown) {
      // Enough for every slot once more, unless they are few: they may have to be given back.
      this.ahead = slots > 2 ? Math.min(slots, STOCK_LIMIT) : 0;
    }
  }
}
