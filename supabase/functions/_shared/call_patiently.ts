import type { Clock } from "./clock.ts";
import { PipelineError } from "./errors.ts";
import type { ErrorClass, TaskError } from "./task_error.ts";

/** How often a call is tried again after failures of one class, and after which waits. */
export interface Schedule {
  /** Default: until `endsAt`. */
  retries?: number;
  /** Before the first retry, in milliseconds; each further wait is twice as long. */
  firstMs: number;
  /** Longest wait that nobody asked for. */
  mostMs: number;
}

export interface Patience {
  clock: Clock;
  /** Aborted: no more waits. A wait that it cuts short is followed by a last try. */
  signal: AbortSignal;
  /** A class without a schedule is final. */
  schedules: Partial<Record<ErrorClass, Schedule>>;
  /** A wait that would reach this time is not begun; default never. */
  endsAt?: number;
  /** From 0 to below 1: the share of a wait that nobody asked for; default all of it. */
  random?(): number;
  /** Told before each wait. */
  onWait?(kind: ErrorClass, milliseconds: number): void;
}

type Failed = { ok: false; error: Pick<TaskError, "class" | "retryAfterMs"> };

/**
 * Makes a call until it succeeds, fails for good, or its schedule is used up, and gives the last
 * result. To wait for a rate limit counts as no try.
 */
export async function callPatiently<Result extends { ok: true } | Failed>(
  call: () => Promise<Result>,
  { clock, signal, schedules, endsAt = Infinity, random, onWait }: Patience,
): Promise<{ result: Result; tries: number }> {
  const failures: Partial<Record<ErrorClass, number>> = {};
  for (let tries = 1;;) {
    const result = await call();
    if (result.ok || signal.aborted) return { result, tries };
    const { class: kind, retryAfterMs } = result.error;
    const schedule = schedules[kind];
    const before = failures[kind] ?? 0;
    if (!schedule || before >= (schedule.retries ?? Infinity)) {
      return { result, tries };
    }
    const wait = retryAfterMs ??
      Math.min(schedule.mostMs, schedule.firstMs * 2 ** before) *
        (random?.() ?? 1);
    if (clock.now() + wait >= endsAt) return { result, tries };
    failures[kind] = before + 1;
    if (kind !== "rate") tries++;
    onWait?.(kind, wait);
    await clock.wait(wait, signal);
  }
}

/**
 * The same for a call that throws: `unavailable` is transient, and `timed_out` too unless
 * `isSlowPassing` is false; everything else is final. What a worker asks takes milliseconds, unless
 * somebody else keeps the database busy.
 */
export async function repeatWhileUnavailable<Value>(
  call: () => Promise<Value>,
  { schedule, isSlowPassing = true, ...patience }:
    & Omit<Patience, "schedules" | "random" | "onWait">
    & { schedule: Schedule; isSlowPassing?: boolean },
): Promise<Value> {
  const { result } = await callPatiently(
    () =>
      call().then(
        (value) => ({ ok: true as const, value }),
        (thrown) => ({
          ok: false as const,
          thrown,
          error: toError(thrown, isSlowPassing),
        }),
      ),
    { ...patience, schedules: { transient: schedule } },
  );
  if (!result.ok) throw result.thrown;
  return result.value;
}

function toError(thrown: unknown, isSlowPassing: boolean): Failed["error"] {
  return thrown instanceof PipelineError &&
      (thrown.code === "unavailable" ||
        isSlowPassing && thrown.code === "timed_out")
    ? { class: "transient", retryAfterMs: thrown.retryAfterMs }
    : { class: "permanent" };
}
