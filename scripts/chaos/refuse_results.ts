import { delay } from "@std/async/delay";
import type { Stack } from "../local/stack.ts";

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
  await sql.unsafe(`
    alter table prompt_evaluations add constraint chaos_refuses_some
    check (not success or hashtext(prompt) % ${REFUSED_OF} <> 0)
  `);
  let times = 0;
  while (!signal.aborted) {
    await delay(4_000 + 4_000 * random(), { signal }).catch(() => {});
    if (signal.aborted) break;
    await patiently(() => sql`alter table prompt_evaluations rename to gone`);
    times++;
    await delay(500 + 500 * random());
    await patiently(() =>
      sql`alter table if exists gone rename to prompt_evaluations`
    );
  }
  return times;
}

/** Until Postgres, which may be starting again, has done it. */
async function patiently(act: () => Promise<unknown>): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    try {
      await act();
      return;
    } catch (error) {
      // 42P01: done by a try whose answer was lost.
      if ((error as { code?: string }).code === "42P01") return;
      await delay(100);
    }
  }
}
