import process from "node:process";
import type { Sql } from "postgres";
import { extractOptionsSchema } from "../../supabase/functions/_shared/archive/options.ts";
import { createExtractHandler } from "../../supabase/functions/_shared/stages/extract_archives.ts";
import type { Task } from "../../supabase/functions/_shared/queue/task_queue.ts";
import { startProjectDatabase } from "../test/test_database.ts";
import { type Measurement, quantile } from "./measurement.ts";

const CONVERSATIONS = 100_000;
const MESSAGES = 10;
const ROWS = CONVERSATIONS * MESSAGES;
const MEGABYTE = 1024 * 1024;
const WORKER = "00000000-0000-4000-8000-000000000001";

/**
 * A table of a million messages in 100,000 conversations, read by the handler of the workers over SQL:
 * pages, the archive reader, prompts enqueued. Beside it an app inserts a message every 10 ms. The
 * limit is the same rows by pages of a bare SELECT, parsed.
 */
export async function* measureTable(): AsyncIterable<Measurement> {
  await using project = await startProjectDatabase(4);
  const { sql } = project;
  await makeTable(sql);
  const bare = await readBare(sql);
  const before = memory();
  const writer = startWriter(sql);
  const run = await readByRun(sql);
  const latencies = await writer.stop();
  const grown = memory() - before;
  yield {
    name: `table: ${ROWS.toLocaleString("en")} messages read and enqueued`,
    value: run.rowsPerSecond,
    unit: "rows/s",
    limit: bare,
    ratio: run.rowsPerSecond / bare,
    goal: "20,000/s",
  };
  yield {
    name: "table: slowest page, its statement alone",
    value: run.slowest.readMs,
    unit: "ms",
    goal: "at most 500",
  };
  yield {
    name: "table: slowest page to be stored, its statement alone",
    value: run.slowest.storeMs,
    unit: "ms",
    goal: "at most 500",
  };
  yield {
    name: "table: memory above what it was before the first page",
    value: grown / MEGABYTE,
    unit: "MB",
    goal: "at most 64",
  };
  yield {
    name: "table: an app's insert beside it, 99th percentile",
    value: quantile(latencies, 0.99),
    unit: "ms",
    goal: "not blocked",
  };
}

async function makeTable(sql: Sql): Promise<void> {
  await sql`create table public.messages (
    id bigint generated always as identity primary key, chat_id uuid not null, role text not null,
    content text not null, created_at timestamptz not null
  )`;
  await sql`
    insert into public.messages (chat_id, role, content, created_at)
    select
      md5((n % ${CONVERSATIONS})::text)::uuid, case (n / ${CONVERSATIONS}) % 2 when 0 then 'user' else 'assistant' end,
      'message ' || n || repeat(' and some words', 10), timestamptz '2026-01-01' + n * interval '1 second'
    from generate_series(0, ${ROWS - 1}) as n
  `;
  await sql`create index on public.messages (chat_id)`;
  await sql`grant select on public.messages to service_role`;
  await sql`vacuum analyze public.messages`;
}

async function readBare(sql: Sql): Promise<number> {
  const startedAt = performance.now();
  let rows = 0;
  for (let low = "00000000-0000-0000-0000-000000000000";;) {
    const [{ page }] = await sql`
      select json_agg(message)::text as page from (
        select * from public.messages where chat_id > ${low} order by chat_id, created_at limit 5000
      ) as message
    `;
    if (page === null) break;
    const messages = JSON.parse(page);
    rows += messages.length;
    low = messages.at(-1).chat_id;
  }
  return rows / (performance.now() - startedAt) * 1000;
}

/** Reads the table as a run does, within a lease that nobody else wants. */
async function readByRun(sql: Sql) {
  await sql`insert into model_endpoints (name, url) values ('model', 'https://model.test/v1')`;
  const source = { type: "table", table: "messages" };
  const [{ id: runId }] = await sql`
    insert into pipeline_runs (source, endpoint) values (${
    sql.json(source)
  }, 'model') returning id
  `;
  const [{ id, payload, leaseToken }] = await sql`
    update pipeline_tasks set
      status = 'leased', worker = ${WORKER}, lease_token = gen_random_uuid(), lease_expires_at = 'infinity'
    where run_id = ${runId} returning id, payload, lease_token as "leaseToken"
  `;
  const slowest = { readMs: 0, storeMs: 0 };
  const extract = createExtractHandler({
    storage: undefined as never,
    options: extractOptionsSchema.parse({}),
    onBytes: () => {},
    async readTable(source, cursor) {
      const startedAt = performance.now();
      const [{ page }] = await sql`
        select pipeline_read_table(${sql.json(source as never)}, null, ${
        sql.json(cursor as never)
      }) as page
      `;
      slowest.readMs = Math.max(
        slowest.readMs,
        performance.now() - startedAt,
      );
      return page;
    },
    queue: {
      checkpoint: undefined as never,
      continueList: undefined as never,
      async checkpointTable(_, { payload, enqueue, losses }) {
        const startedAt = performance.now();
        await sql`
          select pipeline_checkpoint_table(
            ${WORKER}, ${id}, ${leaseToken}, ${sql.json(payload as never)},
            ${sql.json(enqueue as never)}, ${sql.json(losses as never)}
          )
        `;
        slowest.storeMs = Math.max(
          slowest.storeMs,
          performance.now() - startedAt,
        );
        return { status: "running", full: false, goesOn: false };
      },
    },
  });
  const startedAt = performance.now();
  const outcome = await extract(
    { id, key: "source", payload, leaseToken } as unknown as Task,
    { signal: new AbortController().signal, isSpent: () => false } as never,
  );
  const seconds = (performance.now() - startedAt) / 1000;
  if (outcome?.outcome !== "succeeded") {
    throw new Error("Cannot read the table");
  }
  const [{ extracted }] = await sql`
    select extracted from pipeline_runs where id = ${runId}
  `;
  if (extracted < ROWS / 2) throw new Error(`${extracted} prompts were found`);
  return { rowsPerSecond: ROWS / seconds, slowest };
}

/** An app that goes on writing; how long each insert took, in milliseconds. */
function startWriter(sql: Sql) {
  let isOver = false;
  const latencies: number[] = [];
  const writing = (async () => {
    while (!isOver) {
      const startedAt = performance.now();
      await sql`
        insert into public.messages (chat_id, role, content, created_at)
        values (gen_random_uuid(), 'user', 'beside', now())
      `;
      latencies.push(performance.now() - startedAt);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  })();
  return {
    async stop() {
      isOver = true;
      await writing;
      return latencies;
    },
  };
}

function memory(): number {
  return process.memoryUsage().rss;
}
