/** Why a call was given up. */
export type GivenUp = "timeout" | "aborted";

export interface Deadline {
  /** Aborted when time is up or the caller's own signal is. */
  signal: AbortSignal;
  /** Set once `signal` is aborted. */
  givenUp(): GivenUp | undefined;
  /** Waits for `work`, but no longer than the deadline; then rejects. */
  within<T>(work: Promise<T>): Promise<T>;
  /** Gives the request that leaves now the whole time, whatever came before it took. */
  restart(): void;
  /** Must be called when the work is done, or the timer keeps running. */
  clear(): void;
}

/**
 * One limit for what precedes a request, and then for the request. `AbortSignal.any` and `AbortSignal.timeout`
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
  const startTimer = () => setTimeout(() => giveUp("timeout"), milliseconds);
  let timer = startTimer();
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
    restart() {
      clearTimeout(timer);
      timer = startTimer();
    },
    clear() {
      clearTimeout(timer);
      callerSignal?.removeEventListener("abort", onAbort);
    },
  };
}
