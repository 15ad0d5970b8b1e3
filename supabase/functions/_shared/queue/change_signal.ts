import type { Clock } from "../clock.ts";

/** Lets loops wait for conditions over state that they share. */
export class ChangeSignal {
  #waiting = new Set<{ isOver(): boolean; resolve(): void }>();

  constructor(readonly clock: Pick<Clock, "wait">) {}

  /** Resolves as soon as an announced change makes `isOver` true, or after so many milliseconds. */
  async until(isOver: () => boolean, milliseconds?: number): Promise<void> {
    if (isOver()) return;
    const timer = new AbortController();
    const { promise, resolve } = Promise.withResolvers<void>();
    const waiter = { isOver, resolve };
    this.#waiting.add(waiter);
    if (milliseconds !== undefined) {
      this.clock.wait(milliseconds, timer.signal).then(resolve);
    }
    await promise;
    this.#waiting.delete(waiter);
    timer.abort();
  }

  /**
   * To be called after each change of the state. With a hundred calls in flight asking the conditions
   * takes half the processor time of waking each loop to let it ask.
   */
  announce(): void {
    for (const { isOver, resolve } of this.#waiting) {
      if (isOver()) resolve();
    }
  }
}
