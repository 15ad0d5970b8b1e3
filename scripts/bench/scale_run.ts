import type { Stack } from "../local/stack.ts";
import { measureEach } from "./measure_each.ts";
import type { Measurement } from "./measurement.ts";
import { observeRuns } from "./observe_runs.ts";
import { uploadPrompts } from "./scale_archives.ts";
import { measureCourse, measureMaintenance } from "./scale_course.ts";
import { measurePages, pagesOfRun } from "./scale_pages.ts";
import { measureTables, measureVacuum } from "./scale_tables.ts";

/**
 * One run of so many prompts from archives in Storage, and the database with it.
 *
 * @param bare calls a second of a bare loop
 */
export async function* measureRun(
  stack: Stack,
  prompts: number,
  bare: number,
): AsyncIterable<Measurement> {
  const { sql } = stack;
  const name = `scale: ${prompts.toLocaleString("en")} prompts in one run`;
  await uploadPrompts(stack, "archives", prompts);
  const startedAt = performance.now();
  const [{ id }] = await sql`
    insert into pipeline_runs (experiment_name, source, endpoint)
    values ('large', '{"type": "supabase", "bucket": "archives"}', 'bench')
    returning id::integer
  `;
  const run = { name, ids: [id], answers: prompts, startedAt };
  const seen = await observeRuns(sql, run);
  yield* measureCourse(run, seen, bare);
  yield* measureEach({
    [`${name}, tables`]: async function* () {
      yield* await measureTables(sql, {
        name,
        tables: ["pipeline_tasks", "pipeline.prompts", "prompt_evaluations"],
        count: prompts,
        of: "prompt",
      });
    },
    [`${name}, vacuum`]: async function* () {
      yield {
        name: `${name}, most dead rows of pipeline_tasks, against live ones`,
        value: 100 * seen.deadRows,
        unit: "%",
      };
      yield* await measureVacuum(sql, name);
    },
    [`${name}, maintenance`]: () =>
      measureMaintenance(sql, `${name}, after it`),
    ...measurePages(sql, name, pagesOfRun(id, "large")),
  });
}
