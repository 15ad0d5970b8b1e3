import type { Project } from "./project.ts";

/** Prompts by their number, from 1. */
interface Graded {
  prompts: number;
  failed?: number[];
  unscored?: number[];
}

/** An experiment whose prompts pass, but for those that are named. */
export async function storeExperiment(
  { sql }: Project,
  experiment: string,
  { prompts, failed = [], unscored = [] }: Graded,
): Promise<void> {
  await sql`
    with stored as (
      insert into prompt_evaluations (prompt_key, prompt, response, success, experiment_name)
      select 'k' || n, 'prompt ' || n, 'answer', true, ${experiment}
      from generate_series(1, ${prompts}::integer) as n
      returning id, substr(prompt_key, 2)::integer as n
    )
    insert into evaluation_scores (evaluation_id, evaluator, score, passed)
    select id, 'exact-match', (n <> all (${failed}::integer[]))::integer, n <> all (${failed}::integer[])
    from stored where n <> all (${unscored}::integer[])
  `;
}
