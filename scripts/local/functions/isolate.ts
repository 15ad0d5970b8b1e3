import { delay } from "@std/async/delay";
import { endChild, type ListeningChild } from "../child_process.ts";
import { sendSignal } from "../send_signal.ts";
import { enforceLimits, type IsolateLimits } from "./isolate_limits.ts";
import { readProcessorTime } from "./processor_time.ts";

/** What startIsolate() needs to know. */
export interface IsolateOptions {
  /** For log lines. */
  name: string;
  /** Starts the process; resolves when it listens. */
  start(onReport: (report: string) => void): Promise<ListeningChild>;
  /** By default none. */
  limits?: IsolateLimits;
  /** Called when half of a limit is used: it should get no more requests. */
  onHalfUsed(): void;
  log: (line: string) => void;
}

/** A process of a function. */
export interface Isolate {
  /** Resolves with how it has ended. */
  ended: Promise<Deno.CommandStatus>;
  /** Hands the origin where it listens to a function that calls it. */
  call<T>(use: (origin: string) => Promise<T>): Promise<T>;
  /** Lets it finish what it has begun; resolves when it has ended. */
  retire(): Promise<void>;
  /** Kills it with SIGKILL; resolves when it is gone. */
  kill(): Promise<void>;
  /** Ends it, with a few seconds for its goodbye. */
  stop(): Promise<void>;
}

/** Milliseconds: answering takes time that counts, a few tenths of one. */
const memoryEvery = 250;

/** Starts a process as an isolate of hosted Supabase, with its limits. */
export async function startIsolate(
  { name, start, limits, onHalfUsed, log }: IsolateOptions,
): Promise<Isolate> {
  let bytes = 0;
  const { process, port, command } = await start((report) =>
    bytes = Number(report)
  );
  let calls = 0;
  let answered = Promise.withResolvers<void>();
  if (limits) watch(limits).catch((error) => log(`${name}: ${error}`));

  async function watch(limits: IsolateLimits): Promise<void> {
    let ended = false;
    process.status.then(() => ended = true);
    const startedAt = performance.now();
    let askedAt = 0;
    // Loading sources takes time that a bundle does not take.
    const atStart = await readProcessorTime(process.pid);
    await enforceLimits(limits, {
      async usage() {
        const now = await readProcessorTime(process.pid);
        if (ended) return null;
        // The answer comes when the process gets round to it; a later look sees it.
        if (performance.now() - askedAt >= memoryEvery) {
          askedAt = performance.now();
          command("memory");
        }
        return {
          cpuMs: (now ?? 0) - (atStart ?? 0),
          memoryMb: bytes / 1_048_576,
          wallMs: performance.now() - startedAt,
        };
      },
      retire: onHalfUsed,
      announceEnd(reason) {
        log(`${name}: near the limit of ${reason}`);
        command(`beforeunload ${reason}`);
      },
      kill(reason) {
        log(`${name}: reached the limit of ${reason}`);
        sendSignal(process, "SIGKILL");
      },
    }, delay);
  }

  return {
    ended: process.status,
    async call(use) {
      calls++;
      try {
        return await use(`http://127.0.0.1:${port}`);
      } finally {
        calls--;
        answered.resolve();
        answered = Promise.withResolvers();
      }
    },
    async retire() {
      while (calls > 0) await answered.promise;
      command("retire");
      await process.status;
    },
    async kill() {
      sendSignal(process, "SIGKILL");
      await process.status;
    },
    stop: () => endChild(process),
  };
}
