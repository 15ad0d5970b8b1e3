import { delay } from "@std/async/delay";
import type { Sql } from "postgres";
import type { Stack } from "../local/stack.ts";
import { patiently } from "./patiently.ts";

/** One answer in so many is one that the results table never takes. */
const REFUSED_OF = 50;

/**
 * Makes the database refuse results until the signal: some answers for good, by a constraint, and
 * every 4 to 8 s all of them for half a second to a second, as their table is gone. Counts the
 * times.
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
    await patiently(
      () => sql`alter table prompt_evaluations rename to gone`,
      ({ code }) => code === "42P01",
    );
    times++;
    await delay(500 + 500 * random());
    await patiently(() =>
      sql`alter table if exists gone rename to prompt_evaluations`
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
