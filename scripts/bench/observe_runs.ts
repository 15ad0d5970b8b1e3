import { delay } from "@std/async/delay";
import type { Sql } from "postgres";
import { formatNumber } from "./benchmarks_page.ts";
import { usageOf } from "./process_usage.ts";
import { type Moment, type Tenth, toTenths } from "./tenths.ts";

const LOOK_MS = 500;
/** Between two turns of maintenance that are timed, beside those of pg_cron. */
const MAINTENANCE_MS = 5_000;
const STANDSTILL_SECONDS = 120;

/** What was seen of runs from their start to their end. */
export interface ObservedRuns {
  seconds: number;
  tenths: Tenth[];
  /** How long each turn of maintenance took. */
  maintenanceMs: number[];
  /** The most dead rows of the tasks' table at a time, against its live ones. */
  deadRows: number;
  /** The most workers at a time. */
  workers: number;
  /** Prompts without an answer in the end. */
  failed: number;
}

/**
 * Looks at runs twice a second until they are over, and tells each tenth on standard error.
 *
 * @param startedAt when they were inserted, by performance.now()
 * @param answers that they have in the end
 * @throws Error one of them is paused or has failed, or nothing has come for two minutes
 */
export async function observeRuns(
  sql: Sql,
  { name, ids, answers, startedAt }: {
    name: string;
    ids: number[];
    answers: number;
    startedAt: number;
  },
): Promise<ObservedRuns> {
  const seconds = () => (performance.now() - startedAt) / 1000;
  const moments: Moment[] = [{ seconds: 0, done: 0, memoryMb: 0 }];
  const maintenanceMs: number[] = [];
  let deadRows = 0;
  let workers = 0;
  let failed = 0;
  let changedAt = performance.now();
  let maintainedAt = performance.now();
  for (;;) {
    const runs = await readRuns(sql, ids);
    if (runs.wrong) throw new Error(`${name}: ${runs.wrong}`);
    const last = moments.at(-1)!;
    moments.push({
      seconds: seconds(),
      done: runs.done,
      memoryMb: (await usageOf(["function_process.ts"]))?.memoryMb ?? 0,
    });
    if (runs.done > last.done) changedAt = performance.now();
    tellTenth(name, moments, answers);
    failed = runs.failed;
    if (runs.isOver) break;
    if (performance.now() - changedAt > STANDSTILL_SECONDS * 1000) {
      throw new Error(
        `${name}: ${runs.done} answers, and no more for ${STANDSTILL_SECONDS} s`,
      );
    }
    workers = Math.max(workers, runs.workers);
    if (performance.now() - maintainedAt > MAINTENANCE_MS) {
      maintainedAt = performance.now();
      await sql`select maintain_pipeline()`;
      maintenanceMs.push(performance.now() - maintainedAt);
      deadRows = Math.max(deadRows, await shareOfDeadRows(sql));
    }
    await delay(LOOK_MS);
  }
  if (moments.at(-1)!.done !== answers) {
    throw new Error(`${name}: ${moments.at(-1)!.done} of ${answers} answers`);
  }
  return {
    seconds: seconds(),
    tenths: toTenths(moments, answers),
    maintenanceMs,
    deadRows,
    workers,
    failed,
  };
}

async function readRuns(sql: Sql, ids: number[]): Promise<
  {
    done: number;
    failed: number;
    isOver: boolean;
    wrong: string | null;
    workers: number;
  }
> {
  const [runs] = await sql`
    select
      sum(succeeded + failed)::integer as done,
      sum(failed)::integer as failed,
      bool_and(finished_at is not null) as "isOver",
      string_agg(format('run %s is %s: %s', id, status, error), '; ')
        filter (where status in ('paused', 'failed', 'cancelled')) as wrong,
      (select count(*)::integer from pipeline.workers where ended_at is null and started_at is not null) as workers
    from pipeline_runs where id = any (${ids})
  `;
  return runs as never;
}

async function shareOfDeadRows(sql: Sql): Promise<number> {
  const [{ share }] = await sql`
    select n_dead_tup / greatest(n_live_tup, 1)::float8 as share
    from pg_stat_user_tables where relid = 'pipeline_tasks'::regclass
  `;
  return share;
}

function tellTenth(name: string, moments: Moment[], answers: number): void {
  const [before, now] = moments.slice(-2);
  const reached = Math.floor(10 * now.done / answers);
  if (reached === Math.floor(10 * before.done / answers)) return;
  const told = [
    `${10 * reached} % after ${formatNumber(now.seconds)} s`,
    `${formatNumber(now.done / now.seconds)} a second so far`,
    `workers have ${formatNumber(now.memoryMb)} MB`,
  ];
  console.error(`${name}: ${told.join(", ")}`);
}
