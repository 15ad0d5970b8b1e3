import type { TransactionSql } from "postgres";

/** A task that a worker holds. */
export interface Claimed {
  id: number;
  key: string;
  leaseToken: string;
  payload: { text?: string; evaluationIds?: number[] };
}

/** Minutes after the start of the scenario, as the queue functions take the time. */
export const at = (minute: number) =>
  new Date(Date.UTC(2026, 0, 1, 0, minute)).toISOString();

/** What a worker says of a task that went well; finish() adds an answer that repeats the prompt. */
export const SUCCESS = { outcome: "succeeded" };
/** What it says of one that did not. */
export const failure = (errorClass: string) => ({
  outcome: "failed",
  response: null,
  error: { class: errorClass, code: "test", message: errorClass },
});

/** By key, which for a prompt of a list is its place. */
export const pick = (tasks: Claimed[], wanted: string) =>
  tasks.filter(({ key }) => key === wanted);

/** What workers and maintenance do, one call of the queue each. Calls that it refuses are left out. */
export function createSteps(sql: TransactionSql) {
  const patiently = (act: (sql: TransactionSql) => Promise<unknown>) =>
    sql.savepoint(act).catch(() => {});

  async function createRun(
    name: string,
    source: Parameters<typeof sql.json>[0],
    more: Record<string, unknown> = {},
  ): Promise<string> {
    const row = {
      experiment_name: name,
      source: sql.json(source),
      endpoint: "model",
      created_at: at(0),
      ...more,
    };
    const [{ id }] = await sql`
      insert into pipeline_runs ${sql(row)} returning id
    `;
    return id;
  }

  async function startWorker(
    run: string,
    minute: number,
    stage = "execute",
    called = "model",
  ): Promise<string> {
    const endpoint = ["execute", "judge"].includes(stage) ? called : null;
    const [{ id }] = await sql`
      insert into pipeline.workers
        (run_id, stage, endpoint, token_hash, reason, dispatched_at, expires_at)
      values
        (${run}, ${stage}, ${endpoint}, sha256('token'), 'test', ${
      at(minute)
    }, ${at(minute)})
      returning id
    `;
    await patiently((sql) =>
      sql`select pipeline_start_worker(${id}, 'token', ${at(minute)})`
    );
    return id;
  }

  async function claim(
    worker: string,
    minute: number,
    held = 0,
  ): Promise<Claimed[]> {
    let tasks: Claimed[] = [];
    await patiently(async (sql) => {
      const [{ claimed }] = await sql`
        select pipeline_claim_tasks(${worker}, ${held}, ${held}, as_of => ${
        at(minute)
      }) as claimed
      `;
      tasks = claimed.tasks.map((task: Claimed) => ({
        ...task,
        leaseToken: claimed.leaseToken,
      }));
    });
    return tasks;
  }

  function finish(
    worker: string,
    tasks: Claimed[],
    outcome: object,
    minute: number,
  ): Promise<unknown> {
    const results = tasks.map(({ id, leaseToken, payload }) => ({
      id,
      leaseToken,
      response: `You said: ${payload.text}`,
      ...outcome,
    }));
    return patiently((sql) =>
      sql`select pipeline_finish_tasks(${worker}, ${sql.json(results)}, ${
        at(minute)
      })`
    );
  }

  const maintain = (minute: number) =>
    patiently((sql) => sql`select maintain_pipeline(${at(minute)})`);

  /** A worker that nothing happens to. */
  async function work(
    run: string,
    minute: number,
    outcome: object | ((tasks: Claimed[]) => object) = SUCCESS,
    stage = "execute",
  ): Promise<void> {
    const worker = await startWorker(run, minute, stage);
    const tasks = await claim(worker, minute);
    await finish(
      worker,
      tasks,
      typeof outcome === "function" ? outcome(tasks) : outcome,
      minute,
    );
    await patiently((sql) =>
      sql`select pipeline_end_worker(${worker}, ${at(minute)})`
    );
  }

  return { patiently, createRun, startWorker, claim, finish, maintain, work };
}
