import type { Sql } from "postgres";

/** What the dashboard asks of the database, of a million answers with a score each. */
export const QUESTIONS: {
  name: string;
  goal: string;
  ask: (sql: Sql) => PromiseLike<unknown>;
}[] = [
  {
    name: "filter without a hit, first answer",
    goal: "below 150 ms",
    ask: (sql) =>
      sql`select browse_evaluations(run_id => 1, filter => '{"text": "nowhere"}')`,
  },
  {
    name: "answers that an evaluator did not pass, page of 100",
    goal: "below 50 ms",
    ask: (sql) =>
      sql`select browse_evaluations(run_id => 1, filter => '{"evaluator": "judge", "passed": false}')`,
  },
  {
    name: "worst 100 by a score",
    goal: "below 1000 ms",
    ask: (sql) =>
      sql`select browse_evaluations(run_id => 1, filter => '{"evaluator": "judge"}', sort => 'worst')`,
  },
  {
    name: "what the answers of a run can be filtered by",
    goal: "below 50 ms",
    ask: (sql) => sql`select evaluation_facets(run_id => 1)`,
  },
  {
    name: "one answer, with the same prompt elsewhere",
    goal: "below 50 ms",
    ask: (sql) => sql`select read_evaluation('prompt_evaluations', 4711)`,
  },
  {
    name: "median latency of a run, from 2,000 answers",
    goal: "below 50 ms",
    ask: (sql) =>
      sql`select evaluation_distribution(run_id => 1, measure => 'duration_ms', keys => 2000)`,
  },
  {
    name: "histogram of a score, from 5,000 answers",
    goal: "below 100 ms",
    ask: (sql) =>
      sql`select evaluation_distribution(experiment_name => 'new', evaluator => 'judge')`,
  },
  {
    name: "comparison, first pairs",
    goal: "below 300 ms",
    ask: (sql) =>
      sql`select browse_experiment_pairs('old', 'new', 'judge', most => 100, scan => 5000)`,
  },
  {
    name: "comparison, worst 100 pairs of all",
    goal: "below 2500 ms",
    ask: (sql) =>
      sql`select browse_experiment_pairs('old', 'new', 'judge', most => 100)`,
  },
  {
    name: "comparison, totals",
    goal: "below 2500 ms",
    ask: (sql) => sql`select * from compare_experiments('old', 'new', 'judge')`,
  },
  {
    name: "list of experiments",
    goal: "below 50 ms",
    ask: (sql) => sql`select * from list_experiments()`,
  },
  {
    name: "figures of both large experiments of the list",
    goal: "below 8000 ms",
    ask: (sql) => sql`select * from summarize_experiments('{old,new}')`,
  },
  {
    name: "their scores",
    goal: "below 8000 ms",
    ask: (sql) => sql`select * from summarize_experiment_scores('{old,new}')`,
  },
  {
    name: "their cost",
    goal: "below 8000 ms",
    ask: (sql) => sql`select * from summarize_experiment_costs('{old,new}')`,
  },
  {
    name: "summary of an experiment",
    goal: "below 2500 ms",
    ask: (sql) => sql`select * from summarize_experiments('{old}')`,
  },
  {
    name: "comparison of two experiments of 100 beside the million",
    goal: "below 200 ms",
    ask: (sql) => sql`select * from compare_experiments('first', 'second')`,
  },
  {
    name: "ranking of both",
    goal: "below 200 ms",
    ask: (sql) => sql`select * from rank_experiments('{first,second}')`,
  },
  {
    name: "gate between both",
    goal: "below 200 ms",
    ask: (sql) => sql`select gate_experiments('first', 'second')`,
  },
  {
    name: "summary of both and their scores",
    goal: "below 50 ms",
    ask: async (sql) => [
      await sql`select * from summarize_experiments('{first,second}')`,
      await sql`select * from summarize_experiment_scores('{first,second}')`,
    ],
  },
  {
    name: "poll of a run",
    goal: "below 5 ms",
    ask: (sql) =>
      sql`
        select status, prompts, done, failed, prompts_per_second, eta, cost
        from pipeline_run_progress where id = 1
      `,
  },
  {
    name: "poll of 50 runs",
    goal: "below 5 ms",
    ask: (sql) =>
      sql`
        select id, experiment_name, model, status, prompts, done, failed, prompts_per_second, eta, cost
        from pipeline_run_progress order by id desc limit 50
      `,
  },
];
