import {
  countTurns,
  createLiveTable,
  startLiveApp,
} from "../chaos/live_app.ts";
import { startStack } from "../local/stack.ts";
import type { Measurement } from "./measurement.ts";
import { until } from "./until.ts";

const ROWS_PER_SECOND = 50;
const CALM_MS = 40_000;
/** How long it goes on after each of two kills of all workers: so long that one does not add to the other. */
const AFTER_KILLS_MS = [65_000, 15_000];

/**
 * A watch over a table into which an app writes 50 rows a second for two minutes; after 40 s and
 * after 105 s all functions are killed. Time is that of pg_cron.
 */
export async function* measureWatch(): AsyncIterable<Measurement> {
  const stack = await startStack({ port: 0 });
  const { sql } = stack;
  try {
    await createLiveTable(sql);
    const [{ id }] = await sql`
      insert into pipeline_watches (name, source, evaluators, sample)
      values (
        'live', '{"type": "table", "table": "live_messages", "settle": "20 seconds"}',
        '["refusal", {"type": "length", "max": 1000}]', 0.8
      ) returning id
    `;
    const app = startLiveApp(sql, ROWS_PER_SECOND);
    await pause(CALM_MS);
    const calmEnds = new Date();
    for (const milliseconds of AFTER_KILLS_MS) {
      await stack.kill("functions");
      await pause(milliseconds);
    }
    await app.stop();
    await until(async () => {
      const { wrong } = await countTurns(sql, id, calmEnds);
      return wrong === 0;
    }, 1000);
    // A moment before the first kill is of neither.
    const turns = await countTurns(
      sql,
      id,
      new Date(calmEnds.getTime() - 15_000),
    );
    const broken = await sql`select broken from check_pipeline_invariants()`;
    if (broken.length > 0) throw new Error(JSON.stringify(broken));
    const asked = turns.asked.toLocaleString("en");
    yield {
      name:
        `watch: of ${asked} turns at ${ROWS_PER_SECOND} rows/s, scored once, unanswered or not in the sample`,
      value: turns.scored + turns.unanswered + turns.skipped,
      unit: "turns",
      limit: turns.asked,
      ratio: 1 - turns.wrong / turns.asked,
      goal: "all",
    };
    yield {
      name: "watch: slowest turn, from its answer to its score",
      value: turns.slowestBefore,
      unit: "s",
      goal: "below 15",
    };
    yield {
      name: "watch: slowest turn, all workers killed twice",
      value: turns.slowestAfter,
      unit: "s",
      goal: "below 60",
    };
  } finally {
    await stack.stop();
  }
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
