import type { Label } from "./answers.ts";

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
