import type { Clock } from "../clock.ts";
import type { RunId } from "../run_id.ts";
import type { RunState } from "./run_state.ts";

/** A run, or a sweep. */
type State = Pick<RunState, "status">;

export interface WaitDependencies<Waited extends State = RunState> {
  readRun(runId: RunId): Promise<Waited>;
  clock: Clock;
  /** Longest that a wait may take. */
  waitLimitMs: number;
}

const POLL_MS = 250;

/**
 * The state of a run or a sweep when it is over or paused, or when the time is up: `wait` seconds, or as long as
 * is allowed.
 */
export async function untilOver<Waited extends State>(
  runId: RunId,
  wait: true | number,
  { readRun, clock, waitLimitMs }: WaitDependencies<Waited>,
): Promise<Waited> {
  const wanted = wait === true ? waitLimitMs : wait * 1000;
  const endsAt = clock.now() + Math.min(wanted, waitLimitMs);
  for (;;) {
    const state = await readRun(runId);
    const isOpen = state.status === "queued" || state.status === "running";
    const left = endsAt - clock.now();
    if (!isOpen || left <= 0) return state;
    await clock.wait(Math.min(POLL_MS, left), new AbortController().signal);
  }
}
