import postgres, { type Sql } from "postgres";
import { startStack } from "../local/stack.ts";
import type { Measurement } from "./measurement.ts";

const SIZES = [10_000, 100_000, 1_000_000];
const CALL_SIZE = 100;
const CONNECTIONS = 2;
/** Tasks worked on at each size: enough for some seconds, so that a pause for vacuum is in it. */
const MEASURED_TASKS = 50_000;

/**
 * Claim and finish in SQL alone, two connections, 100 tasks a call, each task storing its
 * evaluation. The limit is a bare loop of the same connections that only inserts the evaluations.
 */
export async function* measureQueue(): AsyncIterable<Measurement> {
  const stack = await startStack({ port: 0, functions: [], wakes: "off" });
  try {
    const connections = await Promise.all(
      Array.from({ length: CONNECTIONS }, () => connect(stack.databaseUrl)),
    );
    const limit = await insertBare(connections);
    const rates: number[] = [];
    for (const size of SIZES) {
      const runId = await createRun(stack.sql, size);
      const rate = await drainRun(stack.sql, connections, runId, size);
      rates.push(rate);
      yield {
        name: `queue: claim + finish, ${size.toLocaleString("en")} tasks`,
        value: rate,
        unit: "tasks/s",
        limit,
        ratio: rate / limit,
        goal: "10,000/s",
      };
    }
    yield {
      name: "queue: slowest size against fastest",
      value: Math.max(...rates) / Math.min(...rates),
      unit: "times",
      goal: "at most 1.5",
    };
    await Promise.all(connections.map((connection) => connection.end()));
  } finally {
    await stack.stop();
  }
}

async function connect(url: string): Promise<Sql> {
  const sql = postgres(url, { max: 1, onnotice: () => {} });
  await sql`set role service_role`;
  await createDrain(sql);
  return sql;
}

/** Fills the table with the tasks of one run and returns its id. */
async function createRun(sql: Sql, size: number): Promise<number> {
  await sql`
    truncate public.pipeline_runs, public.prompt_evaluations, pipeline.prompts cascade
  `;
  await sql`
    insert into model_endpoints (name, url, max_concurrency)
    values ('bench', 'https://model.example', ${CONNECTIONS * CALL_SIZE})
    on conflict do nothing
  `;
  const [{ id }] = await sql`
    insert into pipeline_runs (source, endpoint)
    values ('{"type": "supabase", "bucket": "bench"}', 'bench')
    returning id
  `;
  await sql`
    with prompt as (
      insert into pipeline.prompts (key, text, source, created_at)
      select md5(n::text), repeat('prompt ' || n || ' ', 20), '{"path": "a.json"}', now()
      from generate_series(1, ${size}) as n
      returning id, key
    )
    insert into pipeline_tasks (run_id, stage, key, prompt_id, input_tokens)
    select ${id}, 'execute', key, id, 50 from prompt
  `;
  await sql`
    update pipeline_runs set open = open + ${size}, extracted = ${size} where id = ${id}
  `;
  await sql`vacuum analyze pipeline_tasks, pipeline.prompts`;
  return id;
}

/** Works on tasks of the run from all connections and returns tasks per second. */
async function drainRun(
  sql: Sql,
  connections: Sql[],
  runId: number,
  size: number,
): Promise<number> {
  // Those that the inserts have woken never come, and would hold a share of the slots.
  await sql`update pipeline.workers set ended_at = now()`;
  const workers = await Promise.all(connections.map(async () => {
    const id = crypto.randomUUID();
    await sql`
      insert into pipeline.workers (
        id, run_id, stage, endpoint, token_hash, reason, dispatched_at, expires_at
      )
      values (
        ${id}, ${runId}, 'execute', 'bench', sha256('token'), 'bench', now(), now() + interval '1 minute'
      )
    `;
    await sql`select pipeline_start_worker(${id}, 'token')`;
    return id;
  }));
  const wanted = Math.min(size, MEASURED_TASKS) / CONNECTIONS;
  const startedAt = performance.now();
  await Promise.all(connections.map((connection, index) =>
    // Without parameters: a procedure that commits cannot be called in an extended query.
    connection.unsafe(`call pg_temp.drain('${workers[index]}', ${wanted})`)
  ));
  const seconds = (performance.now() - startedAt) / 1000;
  const [{ stored }] = await sql`
    select count(*)::integer as stored from prompt_evaluations where run_id = ${runId}
  `;
  if (stored < wanted * CONNECTIONS) {
    throw new Error(`Stored ${stored} of ${wanted * CONNECTIONS} tasks`);
  }
  return stored / seconds;
}

/** Claims and finishes in one call to the server: no client takes processor time beside it. */
async function createDrain(connection: Sql): Promise<void> {
  await connection.unsafe(`
    create procedure pg_temp.drain(worker uuid, wanted integer)
    language plpgsql
    as $$
    declare
      claim jsonb;
      finished integer := 0;
    begin
      while finished < wanted loop
        claim := public.pipeline_claim_tasks(worker);
        commit;
        -- The first worker to come holds all slots until it learns of the other.
        continue when claim -> 'tasks' = '[]';
        finished := finished + jsonb_array_length(claim -> 'tasks');
        perform public.pipeline_finish_tasks(worker, (
          select jsonb_agg(jsonb_build_object(
            'id', task -> 'id',
            'leaseToken', claim -> 'leaseToken',
            'outcome', 'succeeded',
            'response', repeat('an answer of some length, as models give them ', 5),
            'model', 'bench',
            'finishReason', 'stop',
            'inputTokens', 120,
            'outputTokens', 60,
            'durationMs', 200,
            'metadata', '{"waitMs": 10}'::jsonb
          ))
          from jsonb_array_elements(claim -> 'tasks') as task
        ));
        commit;
      end loop;
    end;
    $$
  `);
}

async function insertBare(connections: Sql[]): Promise<number> {
  const rows = 20_000;
  let inserted = 0;
  const startedAt = performance.now();
  await Promise.all(connections.map(async (connection, index) => {
    while (inserted < rows) {
      const first = inserted += CALL_SIZE;
      await connection`
        insert into prompt_evaluations (run_id, prompt_key, prompt, response, success)
        select ${-1 - index}, md5((${first} + n)::text), repeat('prompt ', 20),
          repeat('an answer of some length, as models give them ', 5), true
        from generate_series(1, ${CALL_SIZE}::integer) as n
      `;
    }
  }));
  return inserted / ((performance.now() - startedAt) / 1000);
}
