import type { Agreement, Disagreement } from "./agreement_answer.ts";
import { isReviewer } from "./grader.ts";
import { to } from "./here.ts";
import type { LabelQueue } from "./label_queue_answer.ts";
import { callFunction } from "./project.ts";
import { readRows } from "./read_rows.ts";

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
export function readCorrectedRates(
  { evaluator, owner }: Labelled,
  experiment: string,
  signal: AbortSignal,
): Promise<CorrectedRate[]> {
  return readRows("experiment_scores", {
    columns:
      "model,pass_rate,corrected_rate,corrected_low,corrected_high,labelled,uncorrected_because",
    where: { experiment_name: experiment, evaluator, owner },
    order: ["model"],
  }, signal);
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
