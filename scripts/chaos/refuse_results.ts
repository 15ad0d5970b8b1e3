import { delay } from "@std/async/delay";
import type { Sql } from "postgres";
import type { Stack } from "../local/stack.ts";
import { patiently } from "./patiently.ts";

/** One answer in so many is one that the results table never takes. */
const REFUSED_OF = 50;

/** What runs and the watch store into, and what the watch reads. */
const TABLES = ["prompt_evaluations", "live_answers", "live_messages"];

/**
 * Makes the database refuse results until the signal: some answers for good, by a constraint, and
 * every 4 to 8 s all that need one of the tables for half a second to a second, as it is gone. Counts
 * the times.
 */
export async function refuseResults(
  { sql }: Stack,
  random: () => number,
  signal: AbortSignal,
): Promise<number> {
  await refuseSome(sql, "prompt_evaluations");
  let times = 0;
  while (!signal.aborted) {
    await delay(4_000 + 4_000 * random(), { signal }).catch(() => {});
    if (signal.aborted) break;
    const table = TABLES[times++ % TABLES.length];
    await patiently(
      () => sql.unsafe(`alter table public.${table} rename to gone`),
      ({ code }) => code === "42P01",
    );
    await delay(500 + 500 * random());
    await patiently(() =>
      sql.unsafe(`alter table if exists public.gone rename to ${table}`)
    );
  }
  return times;
}

/** Has a results table refuse some answers for good. */
export async function refuseSome(sql: Sql, table: string): Promise<void> {
  await sql.unsafe(`
    alter table ${table} add constraint chaos_refuses_some
    check (not success or hashtext(prompt) % ${REFUSED_OF} <> 0)
  `);
}
