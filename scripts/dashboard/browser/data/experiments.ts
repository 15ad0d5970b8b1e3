import { readAll } from "../../../project/read_all.ts";
import { dataOf, project } from "./project.ts";

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

/** Reads all experiments; a name of null are answers that were stored from outside without one. */
export function readExperiments(signal: AbortSignal): Promise<Experiment[]> {
  return readAll(async (from, to) =>
    dataOf(
      await project().rest.from("experiment_summary").select(
        "experiment_name,owner,model,prompts,succeeded,success_rate,p50_ms,p95_ms,input_tokens,output_tokens,answers,cost",
      ).not("experiment_name", "is", null)
        .order("experiment_name").order("model").order("owner")
        .range(from, to).abortSignal(signal)
        .overrideTypes<Experiment[], { merge: false }>(),
    )
  );
}

/** Reads what evaluators say of all experiments. */
export function readExperimentScores(
  signal: AbortSignal,
): Promise<ExperimentScore[]> {
  return readAll(async (from, to) =>
    dataOf(
      await project().rest.from("experiment_scores").select()
        .not("experiment_name", "is", null)
        .order("evaluator").order("experiment_name").order("model")
        .order("owner").range(from, to).abortSignal(signal)
        .overrideTypes<ExperimentScore[], { merge: false }>(),
    )
  );
}

/** Reads what all experiments cost. */
export function readExperimentCosts(
  signal: AbortSignal,
): Promise<ExperimentCost[]> {
  return readAll(async (from, to) =>
    dataOf(
      await project().rest.from("experiment_costs").select(
        "experiment_name,owner,cost",
      ).order("experiment_name").order("owner").range(from, to)
        .abortSignal(signal)
        .overrideTypes<ExperimentCost[], { merge: false }>(),
    )
  );
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
