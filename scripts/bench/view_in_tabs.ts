import type { Browser } from "playwright-core";
import { serveDashboard } from "../dashboard/serve.ts";
import type { Stack } from "../local/stack.ts";
import { type Measurement, quantile } from "./measurement.ts";
import { until } from "./until.ts";

const TABS = 3;
const SECONDS = 20;
const PROMPTS_PER_SECOND = 500;

/** What three tabs that follow a run cost the project, and how far they are behind it. */
export async function* measureTabs(
  browser: Browser,
  stack: Stack,
): AsyncIterable<Measurement> {
  const { sql } = stack;
  // Maintenance would be counted as well.
  await sql`update cron.job set active = false`;
  const [{ id }] = await sql`
    insert into pipeline_runs (experiment_name, source, endpoint)
    values ('live', '{"type": "prompts", "prompts": ["a"]}', 'bench')
    returning id
  `;
  await sql`
    update pipeline_runs set status = 'running', started_at = now(), extracted = 1000000 where id = ${id}
  `;
  let asked = 0;
  const dashboard = await serveDashboard(stack, {
    fetch: (input, init) => {
      asked++;
      return fetch(input, init);
    },
  });
  const context = await browser.newContext();
  try {
    const pages = await Promise.all(
      Array.from({ length: TABS }, () => context.newPage()),
    );
    for (const page of pages) {
      await page.goto(`${dashboard.url}&/runs/${id}`);
      await page.getByText("0 of 1,000,000").waitFor();
    }
    await until(() => isQuiet(stack), 100);
    const busyMs = await readBusyMs(stack);
    const before = { asked, at: performance.now() };
    await pages[0].waitForTimeout(1_000 * SECONDS);
    const busy = await readBusyMs(stack) - busyMs;
    const seconds = (performance.now() - before.at) / 1_000;
    yield {
      name: `view: requests of ${TABS} tabs that follow a run`,
      value: (asked - before.asked) / seconds,
      unit: "requests/s",
      goal: "at most 1/s",
    };
    yield {
      name: `view: statements of ${TABS} tabs that follow a run`,
      value: busy / seconds,
      unit: "ms/s",
      goal: "at most 20 ms/s",
    };
    yield {
      name:
        `view: how far behind ${PROMPTS_PER_SECOND} prompts/s the status is, p95`,
      value: await measureLag(stack, Number(id), async () => {
        const text = await pages[0].getByText(/of 1,000,000/).first()
          .innerText();
        return Number(/([\d,]+) of/.exec(text)![1].replaceAll(",", ""));
      }),
      unit: "ms",
      goal: "below 1500 ms",
    };
  } finally {
    await context.close();
    await dashboard.stop();
    await sql`delete from pipeline_runs where id = ${id}`;
  }
}

/** Whether no statement of before is left: all of its time would be counted when it ends. */
async function isQuiet({ sql }: Stack): Promise<boolean> {
  const [{ quiet }] = await sql`
    select not exists (
      select from pg_stat_activity
      where datname = current_database() and backend_type = 'client backend'
        and state = 'active' and pid <> pg_backend_pid()
    ) as quiet
  `;
  return quiet;
}

/**
 * Milliseconds that sessions spent in statements. A session that is idle writes them down after 10 s
 * (PGSTAT_IDLE_INTERVAL in src/backend/utils/activity/pgstat.c), a turn of maintenance of before as well.
 */
async function readBusyMs({ sql }: Stack): Promise<number> {
  await new Promise((resolve) => setTimeout(resolve, 11_000));
  const [{ busy }] = await sql`
    select active_time::float8 as busy from pg_stat_database where datname = current_database()
  `;
  return busy;
}

/** Stores answers at a rate, and looks how old what the page shows is. */
async function measureLag(
  { sql }: Stack,
  run: number,
  shown: () => Promise<number>,
): Promise<number> {
  /** When the run had so many answers. */
  const reached: { done: number; at: number }[] = [];
  const lags: number[] = [];
  const begun = performance.now();
  while (performance.now() - begun < 1_000 * SECONDS) {
    const done = Math.floor(
      (performance.now() - begun) / 1_000 * PROMPTS_PER_SECOND,
    );
    await sql`update pipeline_runs set succeeded = ${done} where id = ${run}`;
    reached.push({ done, at: performance.now() });
    const seen = await shown();
    // What is shown is true until the run has more.
    const passed = reached.find(({ done }) => done > seen);
    if (seen > 0 && passed) lags.push(performance.now() - passed.at);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return quantile(lags, 0.95);
}
