import { assert, assertEquals, assertMatch, assertNotMatch } from "@std/assert";
import type { Sql } from "postgres";
import { startProjectDatabase } from "../../../scripts/test/test_database.ts";

// What needs several sessions at the same time, and so cannot be a pgTAP test.

async function createRun(sql: Sql, prompts: number): Promise<string> {
  const source = {
    type: "prompts",
    prompts: Array.from({ length: prompts }, (_, n) => `prompt ${n}`),
  };
  const [run] = await sql`
    insert into pipeline_runs (source, endpoint, max_attempts)
    values (${sql.json(source)}, 'model', 3) returning id
  `;
  return run.id;
}

async function startWorker(sql: Sql, runId: string): Promise<string> {
  const [worker] = await sql`
    insert into pipeline.workers (
      run_id, stage, endpoint, token_hash, reason, dispatched_at, expires_at
    )
    values (${runId}, 'execute', 'model', sha256('token'), 'test', now(), now())
    returning id
  `;
  await sql`select pipeline_start_worker(${worker.id}, 'token')`;
  return worker.id;
}

interface Claim {
  status: string;
  leaseToken: string;
  tasks: { id: number; attempt: number }[];
  waitMs: number | null;
}

async function claim(sql: Sql, workerId: string): Promise<Claim> {
  const [row] = await sql`select pipeline_claim_tasks(${workerId}) as claim`;
  return row.claim;
}

/** Every third task fails at its first try; every answer costs one USD. */
async function finish(
  sql: Sql,
  workerId: string,
  { leaseToken, tasks }: Claim,
) {
  const results = tasks.map(({ id, attempt }) => ({
    id,
    leaseToken,
    ...id % 3 === 0 && attempt === 1
      ? {
        outcome: "failed",
        error: {
          class: "transient",
          code: "server",
          message: "500",
          retryAfterMs: 3_600_000,
        },
      }
      : {
        outcome: "succeeded",
        response: "yes",
        inputTokens: 0,
        outputTokens: 500,
      },
  }));
  await sql`select pipeline_finish_tasks(${workerId}, ${sql.json(results)})`;
}

async function until(isTrue: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!await isTrue()) {
    if (Date.now() > deadline) throw new Error("It did not happen in 10 s");
  }
}

/** A worker of a run whose money is good for two calls at a time has claimed these. */
async function claimCapped(sql: Sql) {
  await sql`
    insert into model_endpoints (name, url, max_concurrency, input_cost, output_cost, max_output_tokens)
    values ('model', 'https://model.test/v1', 10, 0, 2000, 500)
  `;
  const runId = await createRun(sql, 6);
  await sql`update pipeline_runs set max_cost = 2.5 where id = ${runId}`;
  const workerId = await startWorker(sql, runId);
  const first = await claim(sql, workerId);
  assertEquals(first.tasks.length, 2);
  return { workerId, first };
}

async function isWaiting(
  sql: Sql,
  call = "pipeline_claim_tasks",
): Promise<boolean> {
  const [{ waiting }] = await sql`
    select count(*)::integer as waiting from pg_stat_activity
    where wait_event_type = 'Lock' and query like ${`%${call}%`} and pid <> pg_backend_pid()
  `;
  return waiting === 1;
}

Deno.test("pipeline_claim_tasks() counts money that a result is just spending", async () => {
  await using project = await startProjectDatabase(20);
  const { sql } = project;
  const { workerId, first } = await claimCapped(sql);

  let second: Promise<Claim> | undefined;
  await sql.begin(async (session) => {
    const tasks = first.tasks.map((task) => ({ ...task, attempt: 2 }));
    await finish(session as unknown as Sql, workerId, { ...first, tasks });
    second = claim(sql, workerId);
    await until(() => isWaiting(sql));
  });
  assertEquals((await second!).tasks, []);
});

Deno.test("pipeline_finish_tasks() and a claim of the same worker that waits for the money do not block each other", async () => {
  await using project = await startProjectDatabase(20);
  const { sql } = project;
  const { workerId, first } = await claimCapped(sql);
  await sql`update pipeline.workers set handed_over_at = now() where id = ${workerId}`;
  let second: Promise<Claim> | undefined;
  await sql.begin(async (session) => {
    await session`select from pipeline.budgets for update`;
    second = claim(sql, workerId);
    await until(() => isWaiting(sql));
    await finish(session as unknown as Sql, workerId, first);
  });
  assertEquals((await second!).tasks, []);
});

Deno.test("pipeline_claim_tasks() gives nothing to a worker that maintenance is just ending", async () => {
  await using project = await startProjectDatabase(20);
  const { sql } = project;
  await sql`
    insert into model_endpoints (name, url, max_concurrency)
    values ('model', 'https://model.test/v1', 7)
  `;
  const workerId = await startWorker(sql, await createRun(sql, 6));
  await sql`update pipeline.workers set expires_at = now() - interval '1 minute'`;
  let claimed: Promise<unknown> | undefined;
  await sql.begin(async (session) => {
    await session`select maintain_pipeline()`;
    claimed = claim(sql, workerId).catch((error) => error);
    await until(() => isWaiting(sql));
  });
  assertMatch(String(await claimed), /Cannot go on as worker .*: it has ended/);
  const leased = await sql`select from pipeline_tasks where status = 'leased'`;
  assertEquals(leased.length, 0);
});

Deno.test("a worker that is just being ended holds nothing for which maintenance waits", async () => {
  await using project = await startProjectDatabase(20);
  const { sql } = project;
  const { workerId } = await claimCapped(sql);
  let second: Promise<Claim> | undefined;
  await sql.begin(async (session) => {
    await session`select from pipeline.endpoint_states for update`;
    second = claim(sql, workerId);
    await until(() => isWaiting(sql));
    const [row] = await sql`select pipeline_extend_leases(${workerId}) as beat`;
    assertEquals(row.beat.held.length, 2, "a heartbeat waits for no claim");
  });
  assertEquals((await second!).status, "running");
  const calls = [
    { name: "pipeline_claim_tasks", held: "endpoint_states" },
    { name: "pipeline_end_worker", held: "budgets" },
  ];
  for (const { name, held } of calls) {
    let called: Promise<unknown> | undefined;
    await sql.begin(async (session) => {
      await session`update pipeline.workers set ended_at = now() where id = ${workerId}`;
      called = sql`select ${sql(name)}(${workerId}::uuid)`.catch((error) =>
        error
      );
      await until(() => isWaiting(sql, name));
      await session`select from ${session(`pipeline.${held}`)} for update`;
      await session`update pipeline.workers set ended_at = null where id = ${workerId}`;
    });
    assertNotMatch(String(await called), /error/i);
  }
});

Deno.test("pipeline_claim_tasks() gives competing workers every task once and no more than the slots", async () => {
  await using project = await startProjectDatabase(20);
  const { sql } = project;
  await sql`
    insert into model_endpoints (name, url, max_concurrency)
    values ('model', 'https://model.test/v1', 7)
  `;
  const runIds = [await createRun(sql, 60), await createRun(sql, 60)];
  const held = new Set<number>();
  let mostLeased = 0;

  async function work(runId: string) {
    const workerId = await startWorker(sql, runId);
    for (;;) {
      const claimed = await claim(sql, workerId);
      if (claimed.status !== "running") return;
      const ids = claimed.tasks.map(({ id }) => id);
      for (const id of ids) {
        assert(!held.has(id), `task ${id} has two holders`);
        held.add(id);
      }
      const [{ leased }] = await sql`
        select count(*)::integer as leased from pipeline_tasks
        where status = 'leased'
      `;
      mostLeased = Math.max(mostLeased, leased);
      for (const id of ids) held.delete(id);
      await finish(sql, workerId, claimed);
      // The retry is an hour away, but the test need not wait for it.
      await sql`
        update pipeline_tasks set available_at = now()
        where id = any(${ids}) and status = 'pending'
      `;
    }
  }
  await Promise.all([...runIds, ...runIds, ...runIds].map(work));

  assert(mostLeased <= 7, `${mostLeased} tasks were leased at the same time`);
  const runs = await sql`
    select status, open, succeeded, failed, (
      select count(*)::integer from prompt_evaluations
      where run_id = run.id and success
    ) as stored
    from pipeline_runs as run order by id
  `.values();
  assertEquals<unknown>([...runs], [
    ["completed", 0, 60, 0, 60],
    ["completed", 0, 60, 0, 60],
  ]);
});

Deno.test("lock_waiting() gives two workers that end at the same moment two runs that wait", async () => {
  await using project = await startProjectDatabase(20);
  const { sql } = project;
  await sql`insert into model_endpoints (name, url) values ('model', 'https://model.test/v1')`;
  const waiting = [await createRun(sql, 1), await createRun(sql, 1)];
  await sql`
    insert into pipeline.waiting_runs (run_id, stage, endpoint, model, wanted)
    select id, 'execute', 'model', '', 1 from unnest(${waiting}::bigint[]) as id
    on conflict do nothing
  `;
  const lockNext = async (session: Sql) => {
    const [{ run }] = await session`
      select run_id as run from pipeline.lock_waiting('model', 'execute', null, now())
    `;
    return run;
  };
  const given = await sql.begin(async (session) => [
    await lockNext(session as unknown as Sql),
    await lockNext(sql),
  ]);
  assertEquals(given, waiting);
});
