import { assertEquals } from "@std/assert";
import type { TransactionSql } from "postgres";
import { type Project, withProject } from "../e2e/project.ts";

const EVALUATIONS = 1_000_000;
const HALF = EVALUATIONS / 2;
const TASKS = 300_000;

/**
 * Fills tables as pg_restore does: rows first, and their indexes in one go when all are there, which
 * takes half of the time. A given owner is not asked for row by row.
 */
async function load(
  { sql }: Project,
  tables: string[],
  fill: (sql: TransactionSql) => Promise<unknown>,
): Promise<void> {
  await sql.begin(async (sql) => {
    await sql`set local maintenance_work_mem = '512MB'`;
    await sql`
      update pg_index set indisready = false, indisvalid = false
      where indrelid = any (${tables}::regclass[])
    `;
    await fill(sql);
    for (const table of tables) await sql.unsafe(`reindex table ${table}`);
  });
}

/** Two experiments with half of the evaluations each, with scores, and a run with open tasks. */
async function fill(project: Project): Promise<number> {
  const { sql } = project;
  await load(
    project,
    ["prompt_evaluations", "evaluation_scores"],
    async (sql) => {
      await sql`
        insert into prompt_evaluations (
          id, prompt_key, prompt, response, model, success, experiment_name, duration_ms, tokens_used, attempts,
          owner
        )
        select
          (experiment - 1) * ${HALF}::integer + n, md5(n::text), 'prompt ' || n, repeat('x', 200), 'm',
          true, (array['a', 'b'])[experiment], 100, 20, 1, null
        from generate_series(1, 2) as experiment, generate_series(1, ${HALF}::integer) as n
      `;
      await sql`select setval('pipeline.evaluations_id_seq', ${EVALUATIONS}::bigint)`;
      await sql`
        insert into evaluation_scores (evaluation_id, evaluator, score, passed, owner)
        select id, 'length', (id % 10) / 10.0, id % 10 > 4, null from generate_series(1, ${EVALUATIONS}::integer) as id
      `;
    },
  );
  const [{ id }] = await sql`
    insert into pipeline_runs (source, endpoint)
    values ('{"type": "prompts", "prompts": ["one"]}', 'model') returning id
  `;
  await load(project, ["pipeline.prompts", "pipeline_tasks"], (sql) =>
    sql`
      with prompt as (
        insert into pipeline.prompts (key, text, created_at)
        select md5(n::text), 'prompt ' || n, now() from generate_series(1, ${TASKS}::integer) as n
        returning id
      )
      insert into pipeline_tasks (run_id, stage, key, prompt_id)
      select ${id}, 'execute', 'many ' || prompt.id, prompt.id from prompt
    `);
  await sql`update pipeline_runs set open = open + ${TASKS}, extracted = extracted + ${TASKS} where id = ${id}`;
  await sql`analyze`;
  return id;
}

type Request = (
  client: Project["client"],
) => PromiseLike<{ error: { message: string } | null }>;

Deno.test("a million evaluations and 300,000 tasks stay within the time of the Data API", () =>
  withProject(async (project) => {
    const { client, sql } = project;
    const run_id = await fill(project);
    const tooSlow: string[] = [];
    // The stack ends a statement after 8 s, and those of some functions after 55 s.
    async function send(what: string, request: Request) {
      const startedAt = performance.now();
      const { error } = await request(client);
      const took = Math.round(performance.now() - startedAt);
      if (error) tooSlow.push(`${what}, after ${took} ms: ${error.message}`);
    }
    const names = ["a", "b"];
    await send(
      "summary of experiments",
      (client) => client.rpc("summarize_experiments", { names }),
    );
    await send(
      "scores of experiments",
      (client) => client.rpc("summarize_experiment_scores", { names }),
    );
    await send(
      "progress",
      (client) => client.from("pipeline_run_progress").select(),
    );
    await send(
      "error groups",
      (client) => client.from("pipeline_error_groups").select(),
    );
    await send(
      "errors",
      (client) => client.from("pipeline_errors").select().limit(100),
    );
    await send(
      "rows of an experiment",
      (client) =>
        client.from("prompt_evaluations").select().eq("experiment_name", "a")
          .order("id").limit(1000),
    );
    await send(
      "compare",
      (client) =>
        client.rpc("compare_experiments", { baseline: "a", candidate: "b" }),
    );
    await send("export", (client) =>
      client.rpc("export_evaluations", {
        results_table: "prompt_evaluations",
        experiment_name: "a",
      }));
    await send("scores", (client) =>
      client.rpc("pipeline_read_scores", {
        results_table: "prompt_evaluations",
        run_id: null,
        experiment: "a",
      }));
    await send(
      "invariants",
      (client) => client.rpc("check_pipeline_invariants"),
    );
    await send("doctor", (client) => client.rpc("pipeline_inspect_project"));
    await send("maintenance", (client) => client.rpc("maintain_pipeline"));
    await send(
      "pause",
      (client) => client.rpc("pause_pipeline_run", { run_id }),
    );
    await send(
      "resume",
      (client) => client.rpc("resume_pipeline_run", { run_id }),
    );
    await send(
      "cancel",
      (client) => client.rpc("cancel_pipeline_run", { run_id }),
    );
    await sql`update pipeline_runs set finished_at = now() - interval '8 days' where id = ${run_id}`;
    await send(
      "purge",
      (client) => client.rpc("purge_pipeline_runs", { older_than: "7 days" }),
    );
    await send(
      "start of a run with a long list",
      (client) =>
        client.rpc("pipeline_create_run", {
          run: {
            endpoint: "model",
            source: {
              type: "prompts",
              prompts: Array.from({ length: 30_000 }, (_, n) => `prompt ${n}`),
            },
          },
        }),
    );
    assertEquals(tooSlow, []);
  }, { wakes: "off" }));
