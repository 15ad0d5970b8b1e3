import type { Sql } from "postgres";
import type { Measurement } from "./measurement.ts";
import type { ObservedRuns } from "./observe_runs.ts";
import { timeCalls } from "./time_calls.ts";

/** How fast it was, how evenly, in how much memory, what failed, and how long maintenance took beside it. */
export function* measureCourse(
  { name, answers }: { name: string; answers: number },
  seen: ObservedRuns,
  bare: number,
): Iterable<Measurement> {
  const rate = answers / seen.seconds;
  yield {
    name,
    value: rate,
    unit: "answers/s",
    limit: bare,
    ratio: rate / bare,
    goal: "0.5 of the bare loop",
  };
  const rates = seen.tenths.map(({ rate }) => rate);
  for (const [place, value] of rates.entries()) {
    yield {
      name: `${name}, tenth ${place + 1}`,
      value,
      unit: "answers/s",
      limit: rate,
      ratio: value / rate,
      printedOnly: true,
    };
  }
  const slowest = Math.min(...rates);
  const fastest = Math.max(...rates);
  yield {
    name: `${name}, slowest tenth against the fastest`,
    value: slowest,
    unit: "answers/s",
    limit: fastest,
    ratio: slowest / fastest,
    goal: "at least 0.67",
  };
  const [first, last] = [seen.tenths[1], seen.tenths[9]];
  if (first.memoryMb > 0) {
    yield {
      name: `${name}, memory of the workers, last tenth against the second`,
      value: last.memoryMb,
      unit: "MB",
      limit: first.memoryMb,
      ratio: last.memoryMb / first.memoryMb,
      goal: "at most 1.1",
    };
  }
  yield {
    name: `${name}, without an answer`,
    value: seen.failed,
    unit: "prompts",
    goal: "0",
  };
  yield* measureLongest(name, seen);
}

/** How long maintenance took beside runs, at the longest. */
export function* measureLongest(
  name: string,
  { maintenanceMs }: ObservedRuns,
): Iterable<Measurement> {
  if (maintenanceMs.length === 0) return;
  yield {
    name: `${name}, longest of ${maintenanceMs.length} turns of maintenance`,
    value: Math.max(...maintenanceMs),
    unit: "ms",
    goal: "at most 500 ms",
  };
}

/** How long a turn of maintenance takes at this moment. */
export async function* measureMaintenance(
  sql: Sql,
  name: string,
): AsyncIterable<Measurement> {
  yield {
    name: `${name}, a turn of maintenance`,
    value: await timeCalls(() => sql`select maintain_pipeline()`),
    unit: "ms",
    goal: "at most 500 ms",
  };
}
