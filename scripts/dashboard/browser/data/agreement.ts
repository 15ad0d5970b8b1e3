import type { Label } from "./answers.ts";
import { isReviewer } from "./grader.ts";
import { to } from "./here.ts";
import type { LabelQueue } from "./label_queues.ts";
import { callFunction, dataOf, project } from "./project.ts";

/** A figure with its 95 % interval; null where none is honest. */
export interface Estimate {
  value: number | null;
  low: number | null;
  high: number | null;
}

/** How far people and an evaluator agree, as evaluation_agreement() tells it. */
export interface Agreement {
  /** How the labelled answers were chosen. */
  chosen: "random" | "verdict" | "hand";
  /** Labelled and judged. */
  answers: number;
  /** Labelled by hand beside those that were chosen. */
  left_out: number;
  people: string[];
  confusion: {
    both_pass: number;
    only_people: number;
    only_judge: number;
    both_fail: number;
    /** The four are shares, by how often the judge passes. */
    is_weighted: boolean;
    judged_rate: number | null;
  };
  agreement: Estimate;
  tpr: Estimate;
  tnr: Estimate;
  kappa: Estimate;
  /** Null where the judge's share among the labelled answers is not what it is in all. */
  alpha: Estimate | null;
  /** Of answers with two people or more. */
  alpha_of_people: Estimate & { answers: number };
  scores: {
    answers: number;
    judge_mean: number;
    people_mean: number;
    linear_kappa: number | null;
    quadratic_kappa: number | null;
    alpha: Estimate;
  } | null;
  categories: {
    answers: number;
    agreement: number;
    kappa: number | null;
    alpha: Estimate;
  } | null;
  /** Why intervals are null. */
  note: string | null;
  disagreements: Disagreement[];
  /** Disagreements that are not listed. */
  more: number;
}

/** An answer that people and the judge see differently. */
export interface Disagreement {
  results_table: string;
  id: number;
  experiment_name: string | null;
  model: string | null;
  prompt: string;
  response: string | null;
  judge: {
    passed: boolean | null;
    score: number | null;
    category: string | null;
    explanation: string | null;
  };
  people: Label[];
  /** Of the people who pass it; null: they were asked for something else. */
  share: number | null;
}

/** How an address names a disagreement. */
export function keyOf({ results_table, id }: Disagreement): string {
  return `${results_table} ${id}`;
}

/** Which labels an evaluator is held against. */
export interface Labelled {
  evaluator: string;
  label_name: string;
  /** Null: those of all experiments. */
  experiment: string | null;
  owner: string | null;
}

/** Reads how far people and an evaluator agree. */
export function readAgreement(
  labelled: Labelled,
  signal: AbortSignal,
): Promise<Agreement> {
  return callFunction("evaluation_agreement", { ...labelled }, signal);
}

/** The pass rate of an experiment with one of its models, and what labels make of it. */
export interface CorrectedRate {
  model: string | null;
  pass_rate: number | null;
  corrected_rate: number | null;
  corrected_low: number | null;
  corrected_high: number | null;
  labelled: number | null;
  /** Why there is none. */
  uncorrected_because: string | null;
}

/** Reads the corrected pass rates of an experiment, one a model. */
export async function readCorrectedRates(
  { evaluator, owner }: Labelled,
  experiment: string,
  signal: AbortSignal,
): Promise<CorrectedRate[]> {
  const query = project().rest.from("experiment_scores").select(
    "model,pass_rate,corrected_rate,corrected_low,corrected_high,labelled,uncorrected_because",
  ).eq("experiment_name", experiment).eq("evaluator", evaluator)
    .order("model").abortSignal(signal);
  return dataOf(
    await (owner === null ? query.is("owner", null) : query.eq("owner", owner))
      .overrideTypes<CorrectedRate[], { merge: false }>(),
  );
}

/** Whether whoever looks may see how far people and a judge agree: reviewers may not. */
export function mayCompare({ is_mine }: Pick<LabelQueue, "is_mine">): boolean {
  return is_mine || !isReviewer();
}

/** Where one sees how far people and a judge agree about what a queue asks. */
export function toAgreement(
  { evaluator, label_name, experiment_name, owner }: Pick<
    LabelQueue,
    "evaluator" | "label_name" | "experiment_name" | "owner"
  >,
): string {
  return to(["agreement"], {
    evaluator,
    label: label_name,
    experiment: experiment_name,
    owner,
  });
}
