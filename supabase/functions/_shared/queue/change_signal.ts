import type { Clock } from "../clock.ts";

/** Lets loops wait for conditions over state that they share. */
export interface ChangeSignal {
  /** Resolves as soon as an announced change makes `isOver` true, or after so many milliseconds. */
  until(isOver: () => boolean, milliseconds?: number): Promise<void>;
  /**
   * To be called after each change of the state. With a hundred calls in flight asking the conditions
   * takes half the processor time of waking each loop to let it ask.
   */
  announce(): void;
}

export function createChangeSignal(clock: Pick<Clock, "wait">): ChangeSignal {
  const waiting = new Set<{ isOver(): boolean; resolve(): void }>();

  return {
    async until(isOver, milliseconds) {
      if (isOver()) return;
      const timer = new AbortController();
      const { promise, resolve } = Promise.withResolvers<void>();
      const waiter = { isOver, resolve };
      waiting.add(waiter);
      if (milliseconds !== undefined) {
        clock.wait(milliseconds, timer.signal).then(resolve);
      }
      await promise;
      waiting.delete(waiter);
      timer.abort();
    },
    announce() {
      for (const { isOver, resolve } of waiting) {
        if (isOver()) resolve();
      }
    },
  };
}
