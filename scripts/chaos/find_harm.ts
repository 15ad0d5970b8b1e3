import type { Sql } from "postgres";

/** A run and what should hold of it and does not, as check_pipeline_invariants() says it. */
export interface Broken {
  run_id: string;
  broken: string;
  detail: string;
}

/**
 * What must hold where nobody but the queue has touched anything. On a live project it need not: people
 * lower a max_cost, and delete scores.
 */
export const HARM = {
  mixed: "every answer is that of its own prompt, and of its run's owner",
  unscored:
    "every answer is scored by each evaluator of its run, or it is said why not",
  uneven: "every variant of a sweep asks all that was found for it",
  overdrawn: "no run spends more than its max_cost",
  unannounced:
    "of every run that has completed its webhook is told, or will be",
  starved: "neither of two owners starves",
};

/** What does not hold of all runs but the shares of their owners, whose answers repeat their prompts. */
export function findHarm(sql: Pick<Sql, "unsafe">): Promise<Broken[]> {
  return sql.unsafe<Broken[]>(
    `
    select run.id as run_id, rule.broken, rule.detail
    from pipeline_runs as run
    cross join lateral (
      select
        count(*) as answers,
        count(*) filter (
          where answer.owner is distinct from run.owner
            or said.response like 'You said: %' and said.response <> 'You said: ' || left(answer.prompt, 80)
        ) as mixed,
        coalesce(sum((
          select count(*) from evaluation_scores as score
          where score.results_table = run.results_table and score.evaluation_id = answer.id
        )), 0) as scores
      from prompt_evaluations as answer
      -- Where a schema is asked, the answer is a text of JSON.
      cross join lateral (select btrim(answer.response, '"') as response) as said
      -- Of a watch, what nobody answered has nothing to score.
      where answer.run_id = run.id and (answer.success or run.watch_id is null)
    ) as stored
    cross join lateral (
      select coalesce(sum(case task.stage
        when 'evaluate' then jsonb_array_length(task.payload -> 'evaluationIds') * (
          select count(*) from jsonb_array_elements(run.evaluators) as one where one ->> 'type' <> 'webhook'
        )
        else jsonb_array_length(task.payload -> 'ids')
      end), 0) as scores
      from pipeline_tasks as task
      where task.run_id = run.id and task.stage in ('evaluate', 'webhook') and task.status = 'failed'
    ) as failed
    left join pipeline.budgets as budget on budget.kind = 'run' and budget.holder = run.id::text
    cross join lateral (
      values
        (stored.mixed > 0, $1, format('%s answers', stored.mixed)),
        (
          run.status = 'completed'
            and stored.scores + failed.scores <> stored.answers * jsonb_array_length(run.evaluators),
          $2,
          format('%s scores of %s answers', stored.scores, stored.answers)
        ),
        (
          run.sweep_id is not null and run.status = 'completed' and run.extracted / run.repetitions <> (
            select list.prompts from pipeline.prompt_lists as list where list.id = run.list_id
          ),
          $3,
          format('%s prompts', run.extracted / run.repetitions)
        ),
        (
          run.cost > run.max_cost or budget.spent + budget.reserved > run.max_cost,
          $4,
          format('%s and %s USD of %s', budget.spent, budget.reserved, run.max_cost)
        ),
        (
          run.status = 'completed' and run.evaluation_webhook is not null and not exists (
            select from pipeline_tasks as event
            where event.run_id = run.id and event.stage = 'notify' and event.status <> 'failed'
              and event.payload -> 'body' ->> 'type' = 'pipeline.run.completed'
          ),
          $5,
          run.evaluation_webhook
        )
    ) as rule (is_broken, broken, detail)
    where rule.is_broken
    order by run.id, rule.broken
    `,
    [HARM.mixed, HARM.unscored, HARM.uneven, HARM.overdrawn, HARM.unannounced],
  );
}
