import { PipelineError } from "../../supabase/functions/_shared/errors.ts";

/**
 * The version of a migration that applies after all others: the time in UTC, as
 * `supabase migration new` writes it, or a second after the newest that there is, which may be from the
 * future, from a clock of local time or no time at all. The CLI sorts them as text.
 *
 * @throws {PipelineError} nothing can come after the newest
 */
export function nextStamp(taken: string[], now: Date): string {
  const newest = taken.reduce((a, b) => a > b ? a : b, "");
  const stamp = toStamp(now);
  if (stamp > newest) return stamp;
  const next = after(newest);
  if (next > newest) return next;
  throw new PipelineError(
    "conflict",
    `Cannot choose a version for a migration: none comes after ${newest}. Rename that file`,
  );
}

function after(version: string): string {
  const [, ...parts] =
    /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$/.exec(version) ?? [];
  const [year, month, day, hour, minute, second] = parts.map(Number);
  const time = new Date(
    Date.UTC(year, month - 1, day, hour, minute, second),
  );
  return !Number.isNaN(time.getTime()) && toStamp(time) === version
    ? toStamp(new Date(time.getTime() + 1_000))
    : (BigInt(version) + 1n).toString().padStart(version.length, "0");
}

function toStamp(time: Date): string {
  return time.toISOString().replaceAll(/\D/g, "").slice(0, 14);
}
