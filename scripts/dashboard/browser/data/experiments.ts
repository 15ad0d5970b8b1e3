import { readAll } from "../../../project/read_all.ts";
import { readRows, type RowChoice } from "./read_rows.ts";

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

/** Reads all experiments. */
export function readExperiments(signal: AbortSignal): Promise<Experiment[]> {
  return readAllNamed("experiment_summary", {
    columns:
      "experiment_name,owner,model,prompts,succeeded,success_rate,p50_ms,p95_ms,input_tokens,output_tokens,answers,cost",
    order: ["experiment_name", "model", "owner"],
  }, signal);
}

/** Reads what evaluators say of all experiments. */
export function readExperimentScores(
  signal: AbortSignal,
): Promise<ExperimentScore[]> {
  return readAllNamed("experiment_scores", {
    order: ["evaluator", "experiment_name", "model", "owner"],
  }, signal);
}

/** Reads what all experiments cost. */
export function readExperimentCosts(
  signal: AbortSignal,
): Promise<ExperimentCost[]> {
  return readAllNamed("experiment_costs", {
    columns: "experiment_name,owner,cost",
    order: ["experiment_name", "owner"],
  }, signal);
}

/** Answers that were stored from outside may have no experiment. */
async function readAllNamed<Row extends { experiment_name: string | null }>(
  view: string,
  choice: RowChoice,
  signal: AbortSignal,
): Promise<Row[]> {
  const rows = await readAll((...range) =>
    readRows<Row>(view, { ...choice, range }, signal)
  );
  return rows.filter(({ experiment_name }) => experiment_name !== null);
}

/** What an evaluator says of an experiment with one of its models; undefined: nothing. */
export function scoreOf(
  scores: ExperimentScore[],
  experiment: Experiment,
  evaluator: string,
): ExperimentScore | undefined {
  return scores.find((score) =>
    isOf(score, experiment) && score.model === experiment.model &&
    score.evaluator === evaluator
  );
}

/** Whether both are of the same experiment and owner. */
export function isOf(
  one: { experiment_name: string; owner: string | null },
  other: { experiment_name: string; owner: string | null },
): boolean {
  return one.experiment_name === other.experiment_name &&
    one.owner === other.owner;
}
