import type { Sql } from "postgres";

/** The share of answers that are right, of which every seed draws its own. */
export const TRUE_RATE = 0.7;

const REVIEWERS = [
  "11111111-1111-4111-8111-111111111111",
  "22222222-2222-4222-8222-222222222222",
];

/** How the answers to label are chosen, as create_evaluation_label_queue() has it. */
export type Choice = "random" | "verdict";

/**
 * Plays experiments of 300 answers each: a judge passes 88 % of what is right and 22 % of what is
 * wrong, and two reviewers label 60 answers of each, as signed-in users.
 *
 * @returns of how many experiments the corrected rate's interval has the true rate
 */
export async function coverTrueRate(
  sql: Sql,
  seeds: number,
  choose: Choice,
): Promise<number> {
  await storeJudged(sql, seeds, choose);
  await sql`
    select create_evaluation_label_queue(
      ${choose} || seed, ${choose} || seed, evaluator => 'judge', choose => ${choose}, items => 60, people => 2
    )
    from generate_series(1, ${seeds}::integer) as seed
  `;
  for (const reviewer of REVIEWERS) await label(sql, reviewer, choose);
  await sql`analyze evaluation_labels`;
  const [{ covered }] = await sql`
    select count(*) filter (
      where ${TRUE_RATE} between corrected_low and corrected_high and corrected_by = ${choose} and labelled = 60
    )::integer as covered
    from experiment_scores where experiment_name like ${choose} || '%'
  `;
  return covered;
}

async function storeJudged(
  sql: Sql,
  seeds: number,
  choose: Choice,
): Promise<void> {
  await sql`
    insert into prompt_evaluations (experiment_name, prompt_key, prompt, response, success)
    select
      ${choose} || seed, 'p' || n, 'prompt ' || n,
      case when hashtextextended(${choose} || n, seed) & 1048575 < ${TRUE_RATE}::float8 * 1048576 then 'right' else 'wrong' end,
      true
    from generate_series(1, ${seeds}::integer) as seed cross join generate_series(1, 300) as n
  `;
  await sql`
    insert into evaluation_scores (evaluation_id, evaluator, passed)
    select
      answer.id, 'judge',
      hashtextextended('judge' || answer.prompt_key, substr(answer.experiment_name, length(${choose}) + 1)::bigint) & 1048575
        < case answer.response when 'right' then 0.88 else 0.22 end * 1048576
    from prompt_evaluations as answer where answer.experiment_name like ${choose} || '%'
  `;
  await sql`analyze prompt_evaluations, evaluation_scores`;
}

/** A reviewer is right, and writes through row level security. */
async function label(
  sql: Sql,
  reviewer: string,
  choose: Choice,
): Promise<void> {
  const claims = {
    sub: reviewer,
    role: "authenticated",
    app_metadata: { pipeline: ["label"] },
  };
  await sql.begin(async (signedIn) => {
    await signedIn`select set_config('request.jwt.claims', ${
      JSON.stringify(claims)
    }, true)`;
    await signedIn`set local role authenticated`;
    // What they hold row level security shows from the next statement on.
    const items = await signedIn`
      select shown.item ->> 'id' as id, shown.item #>> '{responses,0,response}' = 'right' as passed, queue.id as queue_id
      from evaluation_label_queues as queue
      cross join lateral claim_evaluation_label(queue.id, most => 60) as claimed
      cross join lateral jsonb_array_elements(claimed -> 'items') as shown (item)
      where queue.name like ${choose} || '%'
    `;
    await signedIn`
      insert into evaluation_labels (evaluation_id, person, passed, chosen, evaluator, queue_id)
      select item.evaluation_id, ${reviewer}, said.passed, ${choose}, 'judge', said.queue_id
      from jsonb_to_recordset(${
      sql.json(items.map((item) => ({ ...item })))
    }) as said (id bigint, passed boolean, queue_id bigint)
      join evaluation_label_items as item on item.id = said.id
    `;
  });
}
