import type { Sql } from "postgres";
import type { Stack } from "../local/stack.ts";
import { measureEach } from "./measure_each.ts";
import type { Measurement } from "./measurement.ts";
import { observeRuns } from "./observe_runs.ts";
import { uploadPrompts } from "./scale_archives.ts";
import { measureCourse, measureMaintenance } from "./scale_course.ts";
import { measurePages, pagesOfExperiments } from "./scale_pages.ts";
import { measureTables } from "./scale_tables.ts";

/**
 * A sweep of variants over so many prompts with an evaluator, and comparisons of what it gave.
 *
 * @param bare calls a second of a bare loop
 */
export async function* measureSweep(
  stack: Stack,
  { prompts, variants }: { prompts: number; variants: string[] },
  bare: number,
): AsyncIterable<Measurement> {
  const { sql } = stack;
  const answers = prompts * variants.length;
  const name = `scale: sweep of ${variants.length} variants over ${
    prompts.toLocaleString("en")
  } prompts`;
  await uploadPrompts(stack, "sweep", prompts);
  const before = await databaseBytes(sql);
  const startedAt = performance.now();
  const [{ id }] = await sql`
    insert into pipeline_sweeps (name, source, endpoint, variants, evaluators)
    values (
      'sweep', '{"type": "supabase", "bucket": "sweep"}', 'bench',
      ${
    sql.json(variants.map((variant, n) => ({
      name: variant,
      parameters: { temperature: n / variants.length },
    })))
  }, '["refusal"]'
    )
    returning id
  `;
  const runs = await sql<{ id: number }[]>`
    select id::integer from pipeline_runs where sweep_id = ${id}
  `;
  const sweep = { name, ids: runs.map(({ id }) => id), answers, startedAt };
  const seen = await observeRuns(sql, sweep);
  yield* measureCourse(sweep, seen, bare);
  yield {
    name: `${name}, the whole database grew by`,
    value: (await databaseBytes(sql) - before) / answers,
    unit: "bytes/answer",
  };
  yield* measureEach({
    [`${name}, tables`]: async function* () {
      yield* await measureTables(sql, {
        name,
        tables: ["pipeline.list_entries"],
        count: prompts,
        of: "prompt",
      });
      yield* await measureTables(sql, {
        name,
        tables: ["evaluation_scores"],
        count: answers,
        of: "score",
      });
    },
    [`${name}, maintenance`]: () =>
      measureMaintenance(sql, `${name}, after it`),
    ...measurePages(
      sql,
      name,
      pagesOfExperiments(variants.map((variant) => `sweep/${variant}`)),
    ),
  });
}

async function databaseBytes(sql: Sql): Promise<number> {
  const [{ bytes }] = await sql`
    select pg_database_size(current_database())::float8 as bytes
  `;
  return bytes;
}
