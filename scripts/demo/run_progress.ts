import type { Sql } from "postgres";
import { formatRest } from "../pipeline/format_values.ts";
import { drawBar } from "../pipeline/progress_meter.ts";

/** A row of pipeline_run_progress, as far as the demo shows it. */
export interface RunProgress {
  status: string;
  /** Answers that it wants so far: prompts, each as often as it is asked. */
  answers: number;
  repetitions: number;
  done: number;
  succeeded: number;
  failed: number;
  /** Prompts per second; null before the first one is done. */
  perSecond: number | null;
  /** Seconds left at the average pace; null unless running. */
  secondsLeft: number | null;
  /** Seconds since the run started, or from its start to its end. */
  seconds: number | null;
  /** Until when its endpoint asked to be left alone, ISO 8601. */
  restsUntil?: string | null;
  /** Why the run failed or is paused. */
  error: string | null;
}

/** Asks the database how far a run is. */
export async function readRunProgress(
  sql: Sql,
  runId: string,
): Promise<RunProgress> {
  const [row] = await sql<RunProgress[]>`
    select
      status, answers, repetitions, done, succeeded, failed,
      prompts_per_second::float as "perSecond",
      extract(epoch from eta)::float as "secondsLeft",
      extract(epoch from coalesce(finished_at, now()) - started_at)::float as seconds,
      error
    from pipeline_run_progress
    where id = ${runId}
  `;
  return row;
}

/** One line, with a bar as wide as `columns` allow: done, rate and time left. */
export function describeProgress(
  progress: RunProgress,
  columns: number,
  now = Date.now(),
): string {
  const {
    answers,
    repetitions,
    done,
    failed,
    perSecond,
    secondsLeft,
    restsUntil,
  } = progress;
  if (answers === 0) return `  ${"░".repeat(24)}  reading the archives`;
  const facts = [
    `${String(done).padStart(String(answers).length)}/${answers} ${
      repetitions === 1 ? "prompts" : "answers"
    }`,
    perSecond === null ? "" : `${perSecond.toFixed(1)}/s`,
    failed === 0 ? "" : `${failed} failed`,
    // The database rounds to seconds: 0 is not worth a word.
    secondsLeft ? `${describeSeconds(secondsLeft)} left` : "",
    formatRest(restsUntil, now),
  ];
  return drawBar(done, answers, facts, columns);
}

function describeSeconds(seconds: number): string {
  const whole = Math.ceil(seconds);
  return whole < 60
    ? `${whole} s`
    : `${Math.floor(whole / 60)} min ${whole % 60} s`;
}
