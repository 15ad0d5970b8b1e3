/** A process that may hang. */
export interface Beating {
  /** Resolves when the process has answered, or has ended. */
  ask(): Promise<void>;
  ended(): boolean;
  kill(): void;
}

const EVERY_MS = 1_000;
/**
 * The hosted runtime ends an isolate after 2 s of processor time. Here other processes may keep it from
 * the processor, so it gets longer.
 */
const PATIENCE_MS = 15_000;

/**
 * Asks a process for a sign of life every second until it has ended, and kills it when none comes: it
 * would hold its leases, and whatever else it serves would wait, for ever.
 *
 * @param wait resolves after so many milliseconds, at once when aborted
 */
export async function watchHeartbeat(
  { ask, ended, kill }: Beating,
  wait: (milliseconds: number, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  while (!ended()) {
    const answered = new AbortController();
    const answer = ask().then(() => answered.abort());
    await Promise.race([answer, wait(PATIENCE_MS, answered.signal)]);
    if (!answered.signal.aborted) return kill();
    await wait(EVERY_MS, new AbortController().signal);
  }
}
