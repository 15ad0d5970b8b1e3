import type { Sql } from "postgres";

/**
 * Stores answers of two experiments, `old` (run 1) and `new` (run 2), each with a score by `judge`:
 * one to each of so many prompts on either side, or their repetitions from one to another. Both
 * sides are written at once, by a connection each.
 */
export async function storeAnswers(
  sql: Sql,
  prompts: number,
  { from = 1, to = 1 }: { from?: number; to?: number } = {},
): Promise<void> {
  await Promise.all(["old", "new"].map((side, index) =>
    sql`
      with stored as (
        insert into prompt_evaluations (
          run_id, prompt_key, repetition, prompt, response, success, experiment_name, model,
          duration_ms, input_tokens, output_tokens, cost
        )
        select
          ${
      index + 1
    }, md5(n::text), repetition, repeat('prompt ' || n || ' ', 20),
          repeat('an answer of some length, as models give them ', 5), true, ${side}, 'bench',
          100 + abs(hashint4(n)) % 900, 120, 60, 0.001
        from generate_series(${from}::integer, ${to}::integer) as repetition,
          generate_series(1, ${prompts}::integer) as n
        returning id
      )
      insert into evaluation_scores (evaluation_id, evaluator, score, passed)
      select stored.id, 'judge', drawn.score, drawn.score > 0.5
      from stored
      cross join lateral (
        select (hashint8extended(stored.id, 7) & 1048575) / 1048576.0 as score
      ) as drawn
    `
  ));
  await sql`vacuum analyze prompt_evaluations, evaluation_scores`;
}
