import type { Sql } from "postgres";
import { startStack } from "../local/stack.ts";
import { runBareLoop } from "./execute.ts";
import { measureEach } from "./measure_each.ts";
import type { Measurement } from "./measurement.ts";
import { measurePurge } from "./scale_purge.ts";
import { measureRun } from "./scale_run.ts";
import { measureSmallRuns, type SmallRuns } from "./scale_small_runs.ts";
import { measureSweep } from "./scale_sweep.ts";
import { startSimulatorProcess } from "./simulator_process.ts";

/** How much there is to do. */
export interface Scale {
  /** Prompts of the one large run. */
  prompts: number;
  /** Prompts that each variant is asked. */
  sweep: { prompts: number; variants: string[] };
  small: SmallRuns;
}

const FULL: Scale = {
  prompts: 1_000_000,
  sweep: { prompts: 200_000, variants: ["a", "b", "c", "d", "e"] },
  small: { owners: 20, runsOfOwner: 50, promptsOfRun: 20 },
};

const LATENCY_MS = 100;
const IN_FLIGHT = 500;
const BARE_CALLS = 20_000;

/**
 * One database takes one large run from archives in Storage, a sweep with an evaluator, and a thousand
 * runs of twenty owners; after each it is weighed and looked at, in the end it is purged. The limit of a
 * rate is a bare loop with as many calls in flight. A table of a million messages is `bench table`'s,
 * and a million answers with scores are `bench view`'s.
 */
export async function* measureScale(
  scale: Scale = FULL,
): AsyncIterable<Measurement> {
  const simulator = await startSimulatorProcess([
    "--latency",
    String(LATENCY_MS),
  ]);
  const url = `${simulator.url}/v1/chat/completions`;
  const stack = await startStack({ port: 0 });
  try {
    const { sql } = stack;
    await sql`
      insert into model_endpoints (name, url, model, format, max_concurrency, open_to_users)
      values ('bench', ${url}, 'm', 'openai-chat', ${IN_FLIGHT}, true)
    `;
    const bare = await runBareLoop(url, {
      prompts: BARE_CALLS,
      inFlight: IN_FLIGHT,
    });
    yield* measureEach({
      "the large run": () => measureRun(stack, scale.prompts, bare),
      "the sweep": () => measureSweep(stack, scale.sweep, bare),
      "the small runs": () => measureSmallRuns(sql, scale.small),
      "what is left": () => measurePurge(sql),
    }, () => endRuns(sql));
  } finally {
    await stack.stop();
    await simulator.stop();
  }
}

async function endRuns(sql: Sql): Promise<void> {
  await sql`update pipeline_runs set status = 'cancelled' where finished_at is null`;
}
