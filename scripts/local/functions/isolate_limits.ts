/** What an isolate may use before it is ended. */
export interface IsolateLimits {
  /** Processor time over its whole life. */
  cpuMs: number;
  memoryMb: number;
  wallMs: number;
}

/** Those of hosted Supabase's Free plan: https://supabase.com/docs/guides/functions/limits */
export const hostedLimits: IsolateLimits = {
  cpuMs: 2_000,
  memoryMb: 256,
  wallMs: 150_000,
};

/** What an isolate has used; in the units of its limits. */
export type IsolateUsage = IsolateLimits;

/** Which limit it is, as `beforeunload` tells the function in `detail.reason`. */
export type LimitReason = "cpu" | "memory" | "wall_clock";

/** An isolate whose limits are enforced. */
export interface LimitedIsolate {
  /** Null when it has ended. */
  usage(): Promise<IsolateUsage | null>;
  /** Gives it no more requests; it ends when nothing is left to do. */
  retire(): void;
  announceEnd(reason: LimitReason): void;
  kill(reason: LimitReason): void;
}

/** The longest time between two looks: memory may grow at any pace. */
const longestPause = 100;

/**
 * Watches an isolate until it has ended, as supabase/edge-runtime does by its
 * policy per_worker: at half of a limit it is retired, at 90 % its end is
 * announced, at the limit it is killed with whatever it is doing.
 * (crates/base/src/worker/supervisor/strategy_per_worker.rs)
 *
 * @param wait resolves after so many milliseconds
 */
export async function enforceLimits(
  limits: IsolateLimits,
  isolate: LimitedIsolate,
  wait: (milliseconds: number) => Promise<void>,
): Promise<void> {
  let retired = false;
  let announced = false;
  for (;;) {
    const usage = await isolate.usage();
    if (!usage) return;
    const { share, reason } = closestLimit(usage, limits);
    if (share >= 1) return isolate.kill(reason);
    if (share >= 0.9 && !announced) {
      announced = true;
      isolate.announceEnd(reason);
    }
    if (share >= 0.5 && !retired) {
      retired = true;
      isolate.retire();
    }
    // A thread uses at most a millisecond of processor time in a millisecond.
    const nextShare = share >= 0.9 ? 1 : share >= 0.5 ? 0.9 : 0.5;
    const soonest = Math.min(
      nextShare * limits.cpuMs - usage.cpuMs,
      nextShare * limits.wallMs - usage.wallMs,
    );
    await wait(Math.min(Math.max(soonest, 10), longestPause));
  }
}

function closestLimit(
  usage: IsolateUsage,
  limits: IsolateLimits,
): { share: number; reason: LimitReason } {
  const shares: { share: number; reason: LimitReason }[] = [
    { share: usage.cpuMs / limits.cpuMs, reason: "cpu" },
    { share: usage.memoryMb / limits.memoryMb, reason: "memory" },
    { share: usage.wallMs / limits.wallMs, reason: "wall_clock" },
  ];
  return shares.reduce((a, b) => b.share > a.share ? b : a);
}
