import type { Sql } from "postgres";
import type { Measurement } from "./measurement.ts";
import { observeRuns } from "./observe_runs.ts";
import { measureLongest, measureMaintenance } from "./scale_course.ts";

/** Runs of several owners that begin at the same moment. */
export interface SmallRuns {
  owners: number;
  runsOfOwner: number;
  promptsOfRun: number;
}

/** How fast many small runs are over, and whether one owner's are later than another's. */
export async function* measureSmallRuns(
  sql: Sql,
  { owners, runsOfOwner, promptsOfRun }: SmallRuns,
): AsyncIterable<Measurement> {
  const count = owners * runsOfOwner;
  const name = `scale: ${
    count.toLocaleString("en")
  } runs of ${owners} owners, ${promptsOfRun} prompts each`;
  await sql`
    update pipeline.quotas set max_open_runs = null, max_prompts_per_day = null, max_calls_per_day = null
  `;
  const prompts = Array.from(
    { length: promptsOfRun },
    (_, n) => `Question ${n}`,
  );
  const startedAt = performance.now();
  const inserted = await Promise.all(
    Array.from({ length: owners }, (_, owner) =>
      sql<{ id: number }[]>`
        insert into pipeline_runs (source, endpoint, owner)
        select ${sql.json({ type: "prompts", prompts })}, 'bench', md5(${
        String(owner)
      })::uuid
        from generate_series(1, ${runsOfOwner}::integer)
        returning id::integer
      `),
  );
  const insertedMs = performance.now() - startedAt;
  const ids = inserted.flatMap((runs) => runs.map(({ id }) => id));
  const answers = count * promptsOfRun;
  const seen = await observeRuns(sql, { name, ids, answers, startedAt });
  const [owner] = await sql`
    select max(seconds)::float8 as slowest, min(seconds)::float8 as fastest
    from (
      select extract(epoch from max(finished_at) - min(created_at)) as seconds
      from pipeline_runs where id = any (${ids}) group by owner
    ) as each
  `;
  yield { name, value: count / seen.seconds, unit: "runs/s" };
  yield {
    name: `${name}, inserted, an owner's in one statement`,
    value: count / insertedMs * 1000,
    unit: "runs/s",
  };
  yield {
    name: `${name}, their prompts`,
    value: answers / seen.seconds,
    unit: "prompts/s",
  };
  yield {
    name: `${name}, most workers at a time`,
    value: seen.workers,
    unit: "workers",
    goal: "at most 24 of an owner",
  };
  yield {
    name: `${name}, until the last owner's last run is over`,
    value: owner.slowest,
    unit: "s",
    limit: owner.fastest,
    ratio: owner.slowest / owner.fastest,
    goal: "at most 1.5 of the first owner's",
  };
  yield* measureLongest(name, seen);
  yield* measureMaintenance(sql, `${name}, after them`);
}
