import { readRow, readRows } from "./read_rows.ts";

/** Quantiles are not among them: they would read every answer at each poll. */
const IN_LIST =
  "id,experiment_name,model,status,prompts,answers,done,succeeded,failed,prompts_per_second,eta,cost,tags,owner,created_at,started_at,finished_at";
const OF_ONE =
  `${IN_LIST},cached,judge_errors,concurrency,tokens,max_cost,error,notice,rests_until,endpoint,source_type,sweep_id`;

/** Runs of a page of the list. */
export const RUNS_OF_A_PAGE = 50;

/** What lists tell of a run and of a sweep; money in USD. */
export interface Underway {
  id: number;
  status: string;
  /** What done comes to: one of each repetition. */
  answers: number;
  done: number;
  succeeded: number;
  failed: number;
  prompts_per_second: number | null;
  eta: string | null;
  cost: number;
  owner: string | null;
  started_at: string | null;
  finished_at: string | null;
}

/** What the screens of both tell. */
export interface WholeUnderway extends Underway {
  tokens: number | null;
  max_cost: number | null;
  error: string | null;
  notice: string | null;
  rests_until: string | null;
}

/** What the list tells of a run. */
export interface ListedRun extends Underway {
  experiment_name: string;
  model: string | null;
  prompts: number;
  tags: string[];
  created_at: string;
}

/** What the screen of a run tells of it. */
export interface WholeRun extends ListedRun, WholeUnderway {
  cached: number;
  judge_errors: number;
  concurrency: number | null;
  endpoint: string | null;
  source_type: string | null;
  sweep_id: number | null;
}

/** Runs, newest first, behind a run. */
export function readRuns(
  { status, experiment, after }: {
    status?: string;
    experiment?: string;
    after?: string;
  },
  signal: AbortSignal,
): Promise<ListedRun[]> {
  return readRows("pipeline_run_progress", {
    columns: IN_LIST,
    where: { status, experiment_name: experiment },
    order: ["-id"],
    after,
    most: RUNS_OF_A_PAGE,
  }, signal);
}

/** A run. @throws Error there is none */
export function readRun(id: string, signal: AbortSignal): Promise<WholeRun> {
  return readRow("run", id, "pipeline_run_progress", OF_ONE, signal);
}

/** Whether its figures still change. */
export function isActive({ status }: { status: string }): boolean {
  return status === "queued" || status === "running";
}

/** After how long figures are asked for again, by whether something is going on. */
export function nextLook(isGoingOn: boolean): number {
  return isGoingOn ? 1_000 : 10_000;
}
