/** Why a call was given up. */
export type GivenUp = "timeout" | "aborted";

export interface Deadline {
  /** Aborted when time is up or the caller's own signal is. */
  signal: AbortSignal;
  /** Set once `signal` is aborted. */
  givenUp(): GivenUp | undefined;
  /** Waits for `work`, but no longer than the deadline; then rejects. */
  within<T>(work: Promise<T>): Promise<T>;
  /** Must be called when the work is done, or the timer keeps running. */
  clear(): void;
}

/**
 * One limit over a whole call. `AbortSignal.any` and `AbortSignal.timeout`
 * would do the same for several times the CPU time.
 */
export function startDeadline(
  milliseconds: number,
  callerSignal: AbortSignal | undefined,
): Deadline {
  const controller = new AbortController();
  let reason: GivenUp | undefined;
  function giveUp(why: GivenUp): void {
    reason ??= why;
    controller.abort();
  }
  const onAbort = () => giveUp("aborted");
  if (callerSignal?.aborted) onAbort();
  callerSignal?.addEventListener("abort", onAbort);
  const timer = setTimeout(() => giveUp("timeout"), milliseconds);
  const { signal } = controller;

  return {
    signal,
    givenUp: () => reason,
    within(work) {
      return new Promise((resolve, reject) => {
        const refuse = () => reject(new Error("the deadline has passed"));
        if (signal.aborted) refuse();
        signal.addEventListener("abort", refuse, { once: true });
        work.then(resolve, reject).finally(() =>
          signal.removeEventListener("abort", refuse)
        );
      });
    },
    clear() {
      clearTimeout(timer);
      callerSignal?.removeEventListener("abort", onAbort);
    },
  };
}
