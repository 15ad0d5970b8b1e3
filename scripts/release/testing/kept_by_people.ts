import type { Sql } from "postgres";

/** What a project has before `storeKept()`: tables and a function of its own. */
export const ownOfShop = `
  create schema shop;
  create table shop.messages (
    id bigint generated always as identity primary key,
    conversation_id bigint, role text, content text, created_at timestamptz, user_id uuid
  );
  grant usage on schema shop to service_role;
  grant select on shop.messages to service_role;
  create function shop.is_short(prompt text, response text, reference text, metadata jsonb) returns boolean
  language sql as 'select length(response) < 9';
  create table public.own_answers (
    id uuid primary key default gen_random_uuid(),
    prompt text, response text, model text, success boolean, error text, "timestamp" timestamptz,
    duration_ms integer, tokens_used integer, metadata jsonb, experiment_name text, tags text[]
  );
  grant select, insert on public.own_answers to service_role;
`;

/**
 * A row of each kind that people make or wait for: sources and functions that are registered, scores
 * and votes, a queue of labels with a claim, a baseline, a watch, a sweep, hosts, quotas.
 */
export async function storeKept(sql: Sql): Promise<void> {
  const source = sql.json({ type: "table", table: "shop.messages" });
  await sql`select register_prompt_source(${source}, 'user_id')`;
  await sql`grant usage on schema shop to pipeline_evaluator`;
  await sql`select register_evaluation_function('shop.is_short')`;
  await sql`select use_evaluations_table('own_answers')`;
  await sql`select pipeline_store_results('own_answers', ${
    sql.json([{ prompt: "One?", response: "1", experimentName: "own" }])
  })`;
  await sql`
    insert into evaluation_scores (evaluation_id, evaluator, score, passed)
    select id, 'rubric', 0.75, true from prompt_evaluations`;
  await sql`
    insert into evaluation_votes (
      task_id, run_id, results_table, evaluation_id, evaluator, vote, score, answer, created_at
    )
    select 0, 0, 'prompt_evaluations', id, 'rubric', 1, 0.75, 'Good.', now() from prompt_evaluations`;
  await sql`
    select claim_evaluation_label((create_evaluation_label_queue('to label', 'kept')).id, 'me')`;
  await sql`select approve_experiment_baseline('approved', 'kept')`;
  await sql`
    insert into pipeline_watches (name, source, evaluators)
    values ('live', ${source}, '["refusal"]')`;
  await sql`
    insert into pipeline_sweeps (name, source, endpoint, variants)
    values ('hot or cold', ${
    sql.json({ type: "prompts", prompts: ["Five?"] })
  }, 'model', ${
    sql.json([
      { name: "hot", parameters: { temperature: 1 } },
      { name: "cold", parameters: { temperature: 0 } },
    ])
  })`;
  await sql`insert into pipeline_webhook_hosts (host) values ('hooks.test')`;
  await sql`update pipeline.quotas set max_open_runs = 3 where applies_to = 'every user'`;
}
