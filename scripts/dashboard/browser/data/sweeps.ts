import { callFunction } from "./project.ts";
import { readRow, readRows } from "./read_rows.ts";
import type { Underway, WholeUnderway } from "./runs.ts";

/** Sweeps of a page of the list. */
export const SWEEPS_OF_A_PAGE = 50;

/** How far all runs of a sweep are together. */
export interface SweepProgress extends WholeUnderway {
  name: string;
  variants: number;
  completed: number;
  failed_variants: number;
  cancelled: number;
  repetitions: number;
}

const PROGRESS =
  "id,name,status,variants,completed,failed_variants,cancelled,repetitions,answers,done,succeeded,failed,prompts_per_second,eta,tokens,cost,max_cost,error,notice,rests_until,started_at,finished_at,owner";

/** Reads sweeps, newest first, behind a sweep. */
export function readSweeps(
  after: string | undefined,
  signal: AbortSignal,
): Promise<SweepProgress[]> {
  return readRows("pipeline_sweep_progress", {
    columns: PROGRESS,
    order: ["-id"],
    after,
    most: SWEEPS_OF_A_PAGE,
  }, signal);
}

/** The run of a variant. */
export interface VariantRun extends
  Pick<
    Underway,
    "id" | "status" | "answers" | "done" | "failed" | "cost"
  > {
  experiment_name: string;
  endpoint: string;
  model: string | null;
}

/** A sweep with the runs of its variants, in their order. */
export interface Sweep extends SweepProgress {
  runs: VariantRun[];
}

/** Reads a sweep and its runs. @throws Error there is none */
export async function readSweep(
  id: string,
  signal: AbortSignal,
): Promise<Sweep> {
  const [sweep, runs] = await Promise.all([
    readRow<SweepProgress>(
      "sweep",
      id,
      "pipeline_sweep_progress",
      PROGRESS,
      signal,
    ),
    readRows<VariantRun>("pipeline_run_progress", {
      columns:
        "id,experiment_name,status,endpoint,model,answers,done,failed,cost",
      where: { sweep_id: id },
      order: ["id"],
    }, signal),
  ]);
  // The run that reads the prompts asks no model.
  return { ...sweep, runs: runs.filter(({ endpoint }) => endpoint !== null) };
}

/** A row of rank_experiments(): an experiment by one evaluator, or by whether there was an answer. */
export interface Ranked {
  compared: string;
  rank: number;
  experiment_name: string;
  prompts: number;
  unscored: number;
  answers: number;
  score_mean: number | null;
  score_low: number | null;
  score_high: number | null;
  difference: number | null;
  difference_low: number | null;
  difference_high: number | null;
  p_adjusted: number | null;
  k_drawn: number | null;
  pass_at_k: number | null;
  pass_hat_k: number | null;
  latency_ms: number | null;
  cost: number | null;
  finding: string;
}

/** Reads which of the experiments is the best, by each evaluator after "success". */
export function rankExperiments(
  names: string[],
  owner: string | null,
  signal: AbortSignal,
): Promise<Ranked[]> {
  return callFunction("rank_experiments", { names, owner }, signal);
}

/** USD of an answer of an experiment, all of them counted, scored or not; null: nobody knows. */
export function costOfAnswer(
  ranked: Ranked[],
  experiment: string,
): number | null {
  const row = ranked.find(({ compared, experiment_name }) =>
    compared === "success" && experiment_name === experiment
  );
  return row?.cost && row.answers > 0 ? row.cost / row.answers : null;
}

/** What one repetition of an experiment gave. */
export interface RepetitionMean {
  repetition: number;
  compared: string;
  prompts: number;
  score_mean: number | null;
  score_low: number | null;
  score_high: number | null;
}

/** Reads what each repetition of an experiment gave. */
export function readRepetitions(
  name: string,
  owner: string | null,
  signal: AbortSignal,
): Promise<RepetitionMean[]> {
  return callFunction(
    "summarize_repetitions",
    { names: [name], owner },
    signal,
  );
}

/** What a variant is called within its sweep. */
export function variantOf(
  sweep: { name: string },
  { experiment_name }: { experiment_name: string },
): string {
  return experiment_name.slice(sweep.name.length + 1);
}
