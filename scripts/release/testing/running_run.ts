import type { Sql } from "postgres";
import { storeKept } from "./kept_by_people.ts";

const worker = "00000000-0000-4000-8000-000000000001";
const asOf = "2027-01-01 00:00Z";

/** A run of four prompts that a worker is at. */
export interface RunningRun {
  id: number;
  /** What the worker holds, two of its prompts. */
  taskIds: number[];
  leaseToken: string;
}

/**
 * Has everything that people keep: answers in prompt_evaluations and in a table of their own, a set, a
 * label, a secret, what `storeKept()` makes, and a run that a worker of a version is at.
 */
export async function storeSamples(
  sql: Sql,
  version: string,
): Promise<RunningRun> {
  await sql`select pipeline_set_secret('project_url', 'https://project.test')`;
  await sql`insert into model_endpoints (name, url, model) values ('model', 'https://model.test/v1', 'm')`;
  await sql`select create_evaluations_table('my_answers')`;
  for (const table of ["prompt_evaluations", "my_answers"]) {
    await sql`
      select pipeline_store_results(${table}, ${
      sql.json([{ prompt: "One?", response: "1", experimentName: "kept" }])
    })`;
  }
  await sql`
    select grade_evaluation('prompt_evaluations', id, true, 'Right.', person => 'me')
    from prompt_evaluations`;
  await sql`select save_prompt_set('mine', ${
    sql.json([{ text: "Two?" }, { text: "Three?" }])
  })`;
  const [run] = await sql`
    insert into pipeline_runs (experiment_name, source, endpoint, results_table, max_concurrency)
    values ('running', ${
    sql.json({
      type: "prompts",
      prompts: ["a", "b", "c", "d"].map((text) => ({ text })),
    })
  }, 'model', 'my_answers', 2)
    returning id::integer`;
  await sql`
    insert into pipeline.workers (
      id, run_id, stage, endpoint, model, slots, wanted, token_hash, reason, dispatched_at, expires_at
    )
    values (${worker}, ${run.id}, 'execute', 'model', 'm', 2, 2, sha256('token'), 'test', ${asOf}, ${asOf})`;
  await sql`select pipeline_start_worker(${worker}, 'token', ${asOf}, version => ${version})`;
  const [{ claimed }] = await sql`
    select pipeline_claim_tasks(${worker}, as_of => ${asOf}) as claimed`;
  await storeKept(sql);
  return {
    id: run.id,
    taskIds: claimed.tasks.map(({ id }: { id: number }) => id),
    leaseToken: claimed.leaseToken,
  };
}

/** The worker stores what it holds, then takes the rest until its run is over. */
export async function finishRun(sql: Sql, run: RunningRun): Promise<void> {
  let { taskIds, leaseToken } = run;
  while (taskIds.length > 0) {
    await sql`select pipeline_extend_leases(${worker}, as_of => ${asOf})`;
    const results = taskIds.map((id) => ({
      id,
      leaseToken,
      outcome: "succeeded",
      response: `answer ${id}`,
    }));
    const [{ finished }] = await sql`
      select pipeline_finish_tasks(${worker}, ${
      sql.json(results)
    }, ${asOf}) as finished`;
    if (finished.finished.length !== taskIds.length) {
      throw new Error(`The worker's leases did not hold: ${finished.finished}`);
    }
    const [{ claimed }] = await sql`
      select pipeline_claim_tasks(${worker}, as_of => ${asOf}) as claimed`;
    taskIds = claimed.tasks.map(({ id }: { id: number }) => id);
    leaseToken = claimed.leaseToken;
  }
}
