import type { Sql } from "postgres";
import type { Measurement } from "./measurement.ts";
import { timeCalls } from "./time_calls.ts";

/** What the dashboard shows of a run, of the runs and of a sweep, each as it asks for it. */
export interface Asked {
  /** A page, as a measurement calls it. */
  page: string;
  goal: string;
  ask: (sql: Sql) => PromiseLike<unknown>;
}

/** Where the Data API ends a question. */
const API = "below 8,000 ms, where the Data API ends a question";

/** Pages of one run and of the lists that it stands in. */
export function pagesOfRun(run: number, experiment: string): Asked[] {
  return [
    {
      page: "first page of its answers",
      goal: "below 50 ms",
      ask: (sql) => sql`select browse_evaluations(run_id => ${run})`,
    },
    {
      page: "page in the middle",
      goal: "below 50 ms",
      ask: (sql) =>
        sql`select browse_evaluations(run_id => ${run}, after => '0 8')`,
    },
    {
      page: "first page of what failed, which nothing did",
      goal: "below 150 ms",
      ask: (sql) =>
        sql`select browse_evaluations(run_id => ${run}, filter => '{"success": false}')`,
    },
    {
      page: "what its answers can be filtered by",
      goal: "below 50 ms",
      ask: (sql) => sql`select evaluation_facets(run_id => ${run})`,
    },
    {
      page: "list of runs",
      goal: "below 50 ms",
      ask: (sql) =>
        sql`
          select id, experiment_name, model, status, prompts, done, failed, prompts_per_second, eta, cost
          from pipeline_run_progress order by id desc limit 50
        `,
    },
    {
      page: "its course",
      goal: "below 50 ms",
      ask: (sql) => sql`select * from pipeline_run_timeline(${run})`,
    },
    {
      page: "its quantiles, in SQL",
      goal: API,
      ask: (sql) =>
        sql`select p50_ms, p95_ms from pipeline_run_progress where id = ${run}`,
    },
    {
      page: "summary of its experiment",
      goal: API,
      ask: (sql) => sql`select * from summarize_experiments(${[experiment]})`,
    },
  ];
}

/** Pages that set experiments beside each other. */
export function pagesOfExperiments(names: string[]): Asked[] {
  const [old, young] = names;
  return [
    {
      page: "two variants, first pairs",
      goal: "below 300 ms",
      ask: (sql) =>
        sql`select browse_experiment_pairs(${old}, ${young}, most => 100, scan => 5000)`,
    },
    {
      page: "two variants, totals",
      goal: API,
      ask: (sql) => sql`select * from compare_experiments(${old}, ${young})`,
    },
    {
      page: "ranking of all variants",
      goal: API,
      ask: (sql) => sql`select * from rank_experiments(${names})`,
    },
    {
      page: "list of sweeps",
      goal: "below 50 ms",
      ask: (sql) =>
        sql`select * from pipeline_sweep_progress order by id desc limit 50`,
    },
    {
      page: "list of experiments",
      goal: "below 50 ms",
      ask: (sql) => sql`select * from list_experiments()`,
    },
    {
      page: "figures of the variants in it",
      goal: API,
      ask: (sql) => sql`select * from summarize_experiments(${names})`,
    },
  ];
}

/** The median time of each of these pages. */
export function measurePages(
  sql: Sql,
  name: string,
  pages: Asked[],
): Record<string, () => AsyncIterable<Measurement>> {
  return Object.fromEntries(pages.map(({ page, goal, ask }) => [
    `${name}, ${page}`,
    async function* () {
      yield {
        name: `${name}, ${page}`,
        value: await timeCalls(() => ask(sql)),
        unit: "ms",
        goal,
      };
    },
  ]));
}
