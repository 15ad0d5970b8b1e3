import { readAll } from "../../../project/read_all.ts";
import { callFunction } from "./project.ts";
import { readRow, readRows } from "./read_rows.ts";

/** What users write is scored some seconds later: to look more often shows nothing new. */
export const WATCH_MS = 5_000;

/** How a watch stands by one of its evaluators. */
export interface WatchStatus {
  id: number;
  /** Also the experiment of its answers. */
  name: string;
  owner: string | null;
  status: string;
  /** The run that takes what is new; null: none yet. */
  run_id: number | null;
  /** Why it does not go on, and what to do; null: it does. */
  problem: string | null;
  /** What was answered longer ago is scored; null: it has not looked yet. */
  lag: string | null;
  answered: number;
  unanswered: number;
  skipped: number;
  waiting: number;
  answered_today: number;
  /** USD. */
  spent_today: number;
  spent: number;
  evaluator: string;
  scored: number;
  /** Of the last 24 hours, with its 95 % interval. */
  mean: number | null;
  low: number | null;
  high: number | null;
  turns: number;
  baseline: number | null;
  is_approved: boolean;
  alarm: "learning" | "quiet" | "alarm";
  alarm_since: string | null;
}

/** Why a watch that is not paused does not go on; null: it does. */
export function hindranceOf({ status, problem }: WatchStatus): string | null {
  return status === "paused" ? null : problem;
}

const STATUS =
  "id,name,owner,status,run_id,problem,lag,answered,unanswered,skipped,waiting,answered_today,spent_today,spent,evaluator,scored,mean,low,high,turns,baseline,is_approved,alarm,alarm_since";

/** Reads how watches stand, the newest first; of one if it is named. */
export function readWatches(
  id: string | undefined,
  signal: AbortSignal,
): Promise<WatchStatus[]> {
  return readAll((...range) =>
    readRows("pipeline_watch_status", {
      columns: STATUS,
      where: { id },
      order: ["-id", "evaluator"],
      range,
    }, signal)
  );
}

/** What a watch was told to do. */
export interface Watch {
  id: number;
  source: { table: string };
  sample: number;
  /** USD of a day of UTC. */
  max_cost_per_day: number | null;
  max_answers_per_day: number | null;
  window_turns: number;
  created_at: string;
}

const SETTINGS =
  "id,source,sample,max_cost_per_day,max_answers_per_day,window_turns,created_at";

/** Reads a watch with how it stands by each evaluator. @throws Error there is none */
export async function readWatch(
  id: string,
  signal: AbortSignal,
): Promise<{ watch: Watch; statuses: WatchStatus[] }> {
  const [watch, statuses] = await Promise.all([
    readRow<Watch>("watch", id, "pipeline_watches", SETTINGS, signal),
    readWatches(id, signal),
  ]);
  if (statuses.length > 0) return { watch, statuses };
  throw new Error(`There is no watch ${id}`);
}

/** So many turns in a row and what they scored by one evaluator. */
export interface WatchWindow {
  evaluator: string;
  /** 0: the one that the others are measured by. */
  number: number;
  opened_at: string;
  /** Null: it is not full yet. */
  closed_at: string | null;
  turns: number;
  mean: number | null;
  low: number | null;
  high: number | null;
  baseline: number | null;
  /** Between them a mean gives no alarm; null: there is nothing to measure it by. */
  band_low: number | null;
  band_high: number | null;
  /** Null: it was not compared. */
  p: number | null;
  is_outside: boolean;
}

/** Reads the windows of a watch since a time, by evaluator and in their order. */
export function readWindows(
  id: string,
  since: string,
  signal: AbortSignal,
): Promise<WatchWindow[]> {
  return callFunction(
    "pipeline_watch_timeline",
    { watch_id: Number(id), since },
    signal,
  );
}

/**
 * Takes another share of the turns, within other limits of a day, as they were written; "" is no limit.
 * What is no number is sent for the project to refuse: it must not take a limit away.
 *
 * @throws Error saying what the project said
 */
export function limitWatch(
  watch_id: number,
  limits: Record<"sample" | "max_cost_per_day" | "max_answers_per_day", string>,
): Promise<unknown> {
  return callFunction("limit_pipeline_watch", {
    watch_id,
    sample: limits.sample.trim() || "1",
    max_cost_per_day: limits.max_cost_per_day.trim() || null,
    max_answers_per_day: limits.max_answers_per_day.trim() || null,
  });
}
