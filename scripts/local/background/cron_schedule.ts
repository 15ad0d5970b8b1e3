import { Cron } from "croner";

/**
 * When a pg_cron job is due next: `'10 seconds'` counts from `after`, the five
 * fields of cron are read in UTC. `@reboot` is due when pg_cron starts, and never again.
 *
 * @param schedule as pg_cron accepts it
 * @param after the last time it was due, or now for a new job
 */
export function nextRun(schedule: string, after: Date): Date | undefined {
  if (isAtStart(schedule)) return undefined;
  const seconds = /^\s*(\d+)\s+seconds?\s*$/i.exec(schedule)?.[1];
  if (seconds) return new Date(after.getTime() + Number(seconds) * 1_000);
  // pg_cron writes the last day of the month as $.
  const pattern = schedule.trim().replace("$", "L");
  return new Cron(pattern, { timezone: "UTC" }).nextRun(after) ?? undefined;
}

/** Whether a job is run once whenever pg_cron starts. */
export function isAtStart(schedule: string): boolean {
  return /^\s*@reboot\s*$/i.test(schedule);
}
