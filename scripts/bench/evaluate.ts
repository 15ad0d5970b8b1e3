import { type Stack, startStack } from "../local/stack.ts";
import type { Measurement } from "./measurement.ts";

const ROWS = 100_000;
const WORKERS = 2;
const EVALUATORS = [
  { type: "exact-match" },
  { type: "rouge-l" },
  { type: "length", max: 10_000 },
];
const FUNCTION = "public.bench_is_answer";
const LONGEST_MS = 600_000;

/** Stored rows graded by three cheap evaluators and by a function in SQL, from the call to the last stored score. */
export async function* measureEvaluate(): AsyncIterable<Measurement> {
  const stack = await startStack({
    port: 0,
    functions: ["pipeline-worker", "pipeline-evaluator"],
  });
  const { sql } = stack;
  try {
    await sql`
      insert into prompt_evaluations (
        prompt_key, prompt, response, reference, success, experiment_name, duration_ms
      )
      select md5(n::text), repeat('prompt ' || n || ' ', 20),
        repeat('an answer of some length, as models give them ', 5) || n,
        repeat('an answer of some length, as people give them ', 5) || n, true, 'bench', 200
      from generate_series(1, ${ROWS}) as n
    `;
    await sql`vacuum analyze prompt_evaluations`;
    await sql.unsafe(`
      create function ${FUNCTION}(prompt text, response text, reference text, metadata jsonb)
      returns boolean language sql immutable as $$ select response <> reference $$;
      select register_evaluation_function('${FUNCTION}');
    `);
    // The process of a function starts with its first call, which is not what is measured.
    await (await fetch(`${stack.url}/functions/v1/pipeline-evaluator`)).text();
    yield {
      name: `evaluate: ${
        ROWS.toLocaleString("en")
      } rows, three evaluators, two workers`,
      value: await measureRate(sql, EVALUATORS),
      unit: "rows/s",
      goal: "1,000/s",
    };
    yield {
      name: `evaluate: ${
        ROWS.toLocaleString("en")
      } rows by a function in SQL, two workers`,
      value: await measureRate(sql, [{ type: "sql", function: FUNCTION }]),
      unit: "rows/s",
      goal: "5,000/s",
    };
  } finally {
    await stack.stop();
  }
}

/** Rows a second that a run with these evaluators grades. */
async function measureRate(
  sql: Stack["sql"],
  evaluators: { type: string; function?: string; max?: number }[],
): Promise<number> {
  const startedAt = performance.now();
  const [{ id }] = await sql`
    select evaluate_experiment(
      'bench', ${sql.json(evaluators)}, columns => ${
    sql.json({ max_workers: WORKERS })
  }
    ) as id
  `;
  for (;;) {
    const [run] = await sql`
      select status, error, succeeded from pipeline_runs where id = ${id}
    `;
    if (run.status === "completed") break;
    const elapsed = performance.now() - startedAt;
    if (run.status !== "running" && run.status !== "queued") {
      throw new Error(`Run ${id} is ${run.status}: ${run.error}`);
    }
    if (elapsed > LONGEST_MS) {
      throw new Error(`Only ${run.succeeded} rows after ${elapsed} ms`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const seconds = (performance.now() - startedAt) / 1000;
  const [{ count }] = await sql`
    select count(*)::integer from evaluation_scores
    where error is null and evaluator = any (${
    evaluators.map(({ type }) => type)
  })
  `;
  if (count !== ROWS * evaluators.length) {
    throw new Error(`Stored ${count} scores`);
  }
  return ROWS / seconds;
}
