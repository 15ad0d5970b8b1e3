import { delay } from "@std/async/delay";
import type { Sql } from "postgres";
import { startModelSimulator } from "../local/model_simulator.ts";
import { startStack } from "../local/stack.ts";
import type { Measurement } from "./measurement.ts";
import { until } from "./until.ts";

const SLOTS = 4;
const LATENCY_MS = 2_000;
const RUNS_OF_ONE = 10;
const SMALL_RUNS = 1_500;
const USERS = ["a", "b"].map((letter) =>
  `${letter.repeat(8)}-0000-4000-8000-000000000000`
);

/**
 * Ten runs of one user hold an endpoint of 4 slots when another user's run begins: when has it half of
 * them, in durations of a call? Then 1,500 runs of one prompt in one request: how long does maintenance
 * take beside them, how many workers are there at most, and how fast are they done?
 */
export async function* measureTenants(): AsyncIterable<Measurement> {
  const model = await startModelSimulator({ latency: LATENCY_MS });
  const stack = await startStack({ port: 0 });
  try {
    const { sql } = stack;
    await sql`
      insert into model_endpoints (name, url, format, max_concurrency, open_to_users)
      values ('bench', ${model.url}, 'openai-chat', ${SLOTS}, true)
    `;

    await sql`update pipeline.quotas set max_open_runs = null`;

    await startRuns(sql, RUNS_OF_ONE, { user: USERS[0], prompts: 500 });
    await until(() => model.requests.length >= 3 * SLOTS, 20);
    const startedAt = Date.now();
    await startRuns(sql, 1, { user: USERS[1], prompts: 500 });
    const ofOther = () =>
      model.requests.filter(({ prompt }) => prompt.startsWith(USERS[1][0]));
    await until(() => ofOther().length >= SLOTS / 2, 5);
    yield {
      name:
        `tenants: until a user has half of ${SLOTS} slots beside ${RUNS_OF_ONE} runs of another`,
      // The simulator notes when it answers.
      value: (ofOther()[SLOTS / 2 - 1].time - startedAt) / LATENCY_MS - 1,
      unit: "calls' time",
      goal: "at most 1",
    };
    const from = Date.now();
    await until(() => Date.now() - from > 10 * LATENCY_MS, 100);
    const later = model.requests.filter(({ time }) => time >= from);
    const share = later.filter(({ prompt }) =>
      prompt.startsWith(USERS[1][0])
    ).length / later.length;
    yield {
      name:
        "tenants: share of calls that the user with one run has from then on",
      value: share,
      unit: "",
      limit: 0.5,
      ratio: share / 0.5,
      goal: "within 0.2 of its half",
    };

    await sql`update pipeline_runs set status = 'cancelled' where finished_at is null`;
    await sql`update model_endpoints set max_concurrency = 100`;
    model.configure({ latency: 200 });
    const smallAt = performance.now();
    await startRuns(sql, SMALL_RUNS, { user: USERS[0], prompts: 1 });
    const { longest, workers } = await longestMaintenance(sql, async () => {
      const [{ open }] = await sql`
        select exists (select from pipeline_runs where finished_at is null) as open
      `;
      return open;
    });
    const seconds = (performance.now() - smallAt) / 1000;
    yield {
      name: `tenants: ${SMALL_RUNS} runs of one prompt, longest maintenance`,
      value: longest,
      unit: "ms",
      goal: "at most 500 ms",
    };
    yield {
      name: `tenants: ${SMALL_RUNS} runs of one prompt, most workers at a time`,
      value: workers,
      unit: "workers",
      goal: "at most 50",
    };
    yield {
      name: `tenants: ${SMALL_RUNS} runs of one prompt, done`,
      value: SMALL_RUNS / seconds,
      unit: "runs/s",
    };
  } finally {
    await stack.stop();
    await model.stop();
  }
}

async function startRuns(
  sql: Sql,
  runs: number,
  { user, prompts }: { user: string; prompts: number },
): Promise<void> {
  const source = {
    type: "prompts",
    prompts: Array.from({ length: prompts }, (_, n) => `${user[0]} ${n}`),
  };
  await sql`
    insert into pipeline_runs (source, endpoint, owner)
    select ${sql.json(source)}, 'bench', ${user}::uuid
    from generate_series(1, ${runs}::integer)
  `;
}

async function longestMaintenance(
  sql: Sql,
  whileSo: () => Promise<boolean>,
): Promise<{ longest: number; workers: number }> {
  let longest = 0;
  let workers = 0;
  while (await whileSo()) {
    const startedAt = performance.now();
    await sql`select maintain_pipeline()`;
    longest = Math.max(longest, performance.now() - startedAt);
    const [{ live }] = await sql`
      select count(*)::integer as live from pipeline.workers where ended_at is null
    `;
    workers = Math.max(workers, live);
    await delay(100);
  }
  return { longest, workers };
}
