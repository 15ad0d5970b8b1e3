/** Something that works until it is stopped. */
export interface Worker {
  /** Resolves when the work in hand is done. */
  stop(): Promise<void>;
}

/** A worker that can be told that there is something to do. */
export interface WakeableWorker extends Worker {
  wake(): void;
}

/**
 * Works again and again: at once when woken, otherwise after what the last turn
 * asked for. A turn never overlaps another; waking during a turn means one more.
 *
 * @param turn does the work; resolves with the milliseconds until the next turn
 * @param onError told why a turn failed; the next one comes after a second
 */
export function repeat(
  turn: () => Promise<number>,
  onError: (error: unknown) => void,
): WakeableWorker {
  let stopped = false;
  let woken = false;
  let endPause = () => {};

  async function run(): Promise<void> {
    while (!stopped) {
      woken = false;
      const pause = await turn().catch((error) => {
        onError(error);
        return 1_000;
      });
      if (woken || stopped) continue;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, pause);
        endPause = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  const running = run();
  return {
    wake() {
      woken = true;
      endPause();
    },
    stop() {
      stopped = true;
      endPause();
      return running;
    },
  };
}
