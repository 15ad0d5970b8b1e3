import { delay } from "@std/async/delay";
import postgres from "postgres";
import type { Stack } from "../local/stack.ts";
import { inOneTransaction } from "../release/one_transaction.ts";
import { renewalScript } from "../release/upgrade_script.ts";
import { patiently } from "./patiently.ts";

/**
 * After so many milliseconds upgrades the project as its owner would, to the version that it has:
 * everything but tables is written anew while the runs go on. Returns the seconds that it took.
 */
export async function upgradeOnce(
  { databaseUrl }: Stack,
  afterMs: number,
): Promise<number> {
  const script = inOneTransaction(await renewalScript());
  const sql = postgres(databaseUrl, {
    max: 1,
    onnotice: () => {},
    // Or a Postgres that is back is waited for, see stack.ts, and the time is taken for the upgrade's.
    backoff: () => 0.1,
  });
  try {
    await delay(afterMs);
    const startedAt = Date.now();
    // Again when Postgres is killed meanwhile, or the results table is gone.
    await patiently(async () => {
      await sql.unsafe(script).simple().catch(async (error) => {
        await sql`rollback`;
        throw error;
      });
    });
    return (Date.now() - startedAt) / 1000;
  } finally {
    await sql.end({ timeout: 1 });
  }
}
