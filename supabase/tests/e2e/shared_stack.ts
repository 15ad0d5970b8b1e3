import { delay } from "@std/async/delay";
import { hostedLimits } from "../../../scripts/local/functions/isolate_limits.ts";
import type { Stack, StackOptions } from "../../../scripts/local/stack.ts";
import { shareStack } from "../../../scripts/local/testing/share_stack.ts";

/** What every stack of a test has: its functions live and die by the limits of hosted Supabase. */
export const testStack: StackOptions = { port: 0, isolateLimits: hostedLimits };

/** Gives a test the stack of this process, as new. Functions that are idle go on, as on hosted Supabase. */
export const takeSharedStack = shareStack(testStack, endWorkers);

/** Waits for workers whose run is over to say goodbye, and kills those of a run that was left. */
async function endWorkers({ sql, kill }: Stack): Promise<void> {
  for (let tries = 0; tries < 40; tries++) {
    const workers = await sql<{ finished_at: Date | null }[]>`
      select run.finished_at
      from pipeline.workers as worker join pipeline_runs as run on run.id = worker.run_id
      where worker.started_at is not null and worker.ended_at is null
    `;
    if (workers.length === 0) return;
    if (workers.some(({ finished_at }) => !finished_at)) break;
    await delay(25);
  }
  await kill("functions");
}
