import { delay } from "@std/async/delay";
import { sendSignal } from "./send_signal.ts";

/** What supervise() needs to know about a process. */
export interface Supervised {
  /** For log lines. */
  name: string;
  /** Starts the process; resolves when it answers, rejects when it cannot start. */
  start(): Promise<Deno.ChildProcess>;
  /** Ends the process in its orderly way; resolves when it has ended. */
  end(process: Deno.ChildProcess): Promise<void>;
  /** Told that the process answers again, after it had ended. */
  onRestart?: () => void;
  log: (line: string) => void;
  /** Waits before the next attempt to start; milliseconds. Tests do not wait. */
  wait?: (milliseconds: number) => Promise<void>;
}

/** A process that is started again whenever it ends. */
export interface Part {
  /** Resolves when the process answers, also after a restart. */
  ready(): Promise<void>;
  /** Kills the process with SIGKILL; resolves when it is gone. */
  kill(): Promise<void>;
  /** Ends the process for good. */
  stop(): Promise<void>;
}

/**
 * Starts a process and keeps it running: when it ends it is started again, at
 * once the first time and then after 50 ms, 100 ms, … up to 2 s while it cannot
 * start.
 *
 * @throws what the first start() throws
 */
export async function supervise(supervised: Supervised): Promise<Part> {
  const { name, start, end, onRestart, log, wait = delay } = supervised;
  let stopping = false;
  let process = await start();
  let ready = Promise.resolve();
  watch();

  function watch(): void {
    // Registered before anyone can await the same status, hence `ready` is
    // already the next one when kill() resolves.
    process.status.then(({ code, signal }) => {
      if (stopping) return;
      log(`${name} ended (${signal ?? `code ${code}`}); starting it again`);
      ready = restart();
    });
  }

  async function restart(): Promise<void> {
    for (let pause = 50; !stopping; pause = Math.min(pause * 2, 2_000)) {
      try {
        process = await start();
        watch();
        return onRestart?.();
      } catch (error) {
        log(`${name}: ${error instanceof Error ? error.message : error}`);
        await wait(pause);
      }
    }
  }

  return {
    ready: () => ready,
    async kill() {
      await ready;
      sendSignal(process, "SIGKILL");
      await process.status;
    },
    async stop() {
      stopping = true;
      await ready;
      await end(process);
    },
  };
}
