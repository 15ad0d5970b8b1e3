import type { Sql } from "postgres";
import { startStack } from "../local/stack.ts";
import { type Measurement, median } from "./measurement.ts";
import { storeAnswers } from "./store_answers.ts";

const PAIRS = 50_000;
const CALLS = 9;

type Answer = PromiseLike<{ length: number }>;

const ONE_EVALUATOR = "compare_experiments, one evaluator";

/** What people ask of results: each of them goes over 100,000 rows. */
const QUESTIONS: Record<string, (sql: Sql) => Answer> = {
  [ONE_EVALUATOR]: (sql) =>
    sql`select * from compare_experiments('old', 'new', 'judge')`,
  "compare_experiments, answers and evaluators": (sql) =>
    sql`select * from compare_experiments('old', 'new')`,
  experiment_summary: (sql) => sql`select * from experiment_summary`,
  experiment_scores: (sql) => sql`select * from experiment_scores`,
  pipeline_error_groups: (sql) => sql`select * from pipeline_error_groups`,
  "pipeline_errors, newest 100": (sql) =>
    sql`select * from pipeline_errors order by id desc limit 100`,
};

/**
 * The median time of an answer over two runs of 50,000 evaluations, each with a score, and 100,000
 * errors. The limit is a bare pass over the same evaluations.
 */
export async function* measureCompare(): AsyncIterable<Measurement> {
  const stack = await startStack({ port: 0, functions: [], wakes: "off" });
  try {
    await storeAnswers(stack.sql, PAIRS);
    await storeErrors(stack.sql);
    const limit = await timeCalls(() =>
      stack.sql`select count(*), avg(duration_ms) from prompt_evaluations`
    );
    const measure = async (question: string): Promise<Measurement> => {
      const value = await timeCalls(() => QUESTIONS[question](stack.sql));
      return {
        name: `compare: ${question}, 100,000 rows`,
        value,
        unit: "ms",
        limit,
        ratio: limit / value,
        goal: "below 200 ms",
      };
    };
    for (const question of Object.keys(QUESTIONS)) yield measure(question);
    await storeAnswers(stack.sql, PAIRS, { from: 2, to: 5 });
    yield {
      ...await measure(ONE_EVALUATOR),
      name: "compare: compare_experiments, one evaluator, 500,000 rows",
      goal: "below 1,000 ms",
    };
  } finally {
    await stack.stop();
  }
}

async function timeCalls(ask: () => Answer): Promise<number> {
  const times: number[] = [];
  for (let call = 0; call < CALLS; call++) {
    const startedAt = performance.now();
    const rows = await ask();
    times.push(performance.now() - startedAt);
    if (rows.length === 0) throw new Error("There is nothing to compare");
  }
  return median(times);
}

async function storeErrors(sql: Sql): Promise<void> {
  const [{ id }] = await sql`
    insert into pipeline_runs (source, evaluators)
    values ('{"type": "evaluations", "experiment": "old"}', '["refusal"]')
    returning id
  `;
  await sql`
    insert into pipeline.task_errors (run_id, stage, key, attempt, class, code, message, final)
    select
      ${id}, 'execute', md5(n::text), 1, 'transient', (500 + n % 5)::text, 'no answer ' || n, n % 3 = 0
    from generate_series(1, ${2 * PAIRS}::integer) as n
  `;
  await sql`analyze pipeline.task_errors`;
}
