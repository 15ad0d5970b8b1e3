import { readAll } from "../../../project/read_all.ts";
import { callFunction, dataOf, project } from "./project.ts";

/** An experiment of an owner with one of its models. */
export interface Experiment {
  experiment_name: string;
  owner: string | null;
  model: string | null;
  prompts: number;
  succeeded: number;
  success_rate: number | null;
  p50_ms: number | null;
  p95_ms: number | null;
  input_tokens: number | null;
  output_tokens: number | null;
  answers: number;
  /** USD of its answers, judges not counted. */
  cost: number | null;
}

/** What an evaluator says of an experiment with one of its models. */
export interface ExperimentScore {
  experiment_name: string;
  owner: string | null;
  model: string | null;
  evaluator: string;
  scored: number;
  errors: number;
  score_mean: number | null;
  score_low: number | null;
  score_high: number | null;
  pass_rate: number | null;
}

/** What an experiment cost, judges and failed calls too. */
export interface ExperimentCost {
  experiment_name: string;
  owner: string | null;
  cost: number | null;
}

/** An experiment of an owner. */
export interface ExperimentName {
  experiment_name: string;
  owner: string | null;
}

/** Reads which experiments there are, those begun last first. */
export function readExperimentNames(
  signal: AbortSignal,
): Promise<ExperimentName[]> {
  return readAll(async (...range) =>
    dataOf(
      await project().rest.rpc("list_experiments").range(...range)
        .abortSignal(signal),
    )
  );
}

/** Adds up the answers of some experiments. */
export async function readExperiments(
  of: ExperimentName[],
  signal: AbortSignal,
): Promise<Experiment[]> {
  const rows = await callFunction<Experiment[]>(
    "summarize_experiments",
    { names: namesOf(of) },
    signal,
  );
  // In the order that they are named in, and of each its models by name.
  rows.sort((one, other) => (one.model ?? "") < (other.model ?? "") ? -1 : 1);
  return of.flatMap((name) => rows.filter((row) => isOf(row, name)));
}

/** Reads what evaluators say of some experiments. */
export async function readExperimentScores(
  of: ExperimentName[],
  signal: AbortSignal,
): Promise<ExperimentScore[]> {
  const rows = await callFunction<ExperimentScore[]>(
    "summarize_experiment_scores",
    { names: namesOf(of) },
    signal,
  );
  rows.sort((one, other) => one.evaluator < other.evaluator ? -1 : 1);
  return rows.filter((row) => of.some((name) => isOf(row, name)));
}

/** Reads what some experiments cost. */
export function readExperimentCosts(
  of: ExperimentName[],
  signal: AbortSignal,
): Promise<ExperimentCost[]> {
  return callFunction(
    "summarize_experiment_costs",
    { names: namesOf(of) },
    signal,
  );
}

/** Names, of however many owners, each once. */
export function namesOf(of: ExperimentName[]): string[] {
  return [...new Set(of.map(({ experiment_name }) => experiment_name))];
}

/** What an evaluator says of an experiment with one of its models; undefined: nothing. */
export function scoreOf(
  scores: ExperimentScore[],
  experiment: ExperimentName & { model?: string | null },
  evaluator: string,
): ExperimentScore | undefined {
  return scores.find((score) =>
    isOf(score, experiment) && score.model === experiment.model &&
    score.evaluator === evaluator
  );
}

/** Whether both are of the same experiment and owner. */
export function isOf(one: ExperimentName, other: ExperimentName): boolean {
  return one.experiment_name === other.experiment_name &&
    one.owner === other.owner;
}
