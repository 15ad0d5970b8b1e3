import type { Worker } from "./repeat.ts";

/** Workers that are started and stopped together. */
export interface BackgroundWorkers {
  /** Rejects when one of them cannot start. */
  start(): Promise<void>;
  /** Resolves when the work in hand is done. */
  stop(): Promise<void>;
  /** Starts them anew, as PostgreSQL does when it has crashed; those of before are given up. */
  restart(): void;
}

/**
 * Background workers of a server that may be killed. One of before may wait for ever, for an
 * answer that no connection brings any more (postgres 3.4.9, see killed_server.ts): nothing waits
 * for those.
 */
export function createBackgroundWorkers(
  starts: (() => Promise<Worker>)[],
  onError: (error: unknown) => void,
): BackgroundWorkers {
  let workers: Promise<Worker>[] = [];

  async function start(): Promise<void> {
    workers = starts.map((start) => start());
    await Promise.all(workers);
  }

  async function stop(): Promise<void> {
    const stopped = workers;
    workers = [];
    await Promise.all(
      stopped.map(async (worker) => await (await worker).stop()),
    );
  }

  return {
    start,
    stop,
    restart() {
      stop().catch(onError);
      start().catch(onError);
    },
  };
}
