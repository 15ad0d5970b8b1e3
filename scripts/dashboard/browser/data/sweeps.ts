import { callFunction, dataOf, project } from "./project.ts";
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
export async function readSweeps(
  { after }: { after?: string },
  signal: AbortSignal,
): Promise<SweepProgress[]> {
  let query = project().rest.from("pipeline_sweep_progress").select(PROGRESS)
    .order("id", { ascending: false }).limit(SWEEPS_OF_A_PAGE)
    .abortSignal(signal);
  if (after) query = query.lt("id", Number(after));
  return dataOf(await query.overrideTypes<SweepProgress[], { merge: false }>());
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
  const { rest } = project();
  const [found, runs] = await Promise.all([
    rest.from("pipeline_sweep_progress").select(PROGRESS).eq("id", Number(id))
      .abortSignal(signal).overrideTypes<SweepProgress[], { merge: false }>(),
    rest.from("pipeline_run_progress").select(
      "id,experiment_name,status,endpoint,model,answers,done,failed,cost",
    ).eq("sweep_id", Number(id)).not("endpoint", "is", null).order("id")
      .abortSignal(signal).overrideTypes<VariantRun[], { merge: false }>(),
  ]);
  const [sweep] = dataOf(found);
  if (!sweep) throw new Error(`There is no sweep ${id}`);
  return { ...sweep, runs: dataOf(runs) };
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
