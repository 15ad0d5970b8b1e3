import type { Comparison } from "../../../pipeline/describe_comparison.ts";
import { toMoney, toNumber, toScore, toSigned } from "../parts/formats.ts";
import { callFunction } from "./project.ts";

/** Two experiments of an owner. */
export interface Sides {
  baseline: string;
  candidate: string;
  owner: string | null;
}

/** Reads what changed in all: one row for each evaluator, after one for whether there was an answer. */
export function readComparison(
  sides: Sides,
  signal: AbortSignal,
): Promise<Comparison[]> {
  return callFunction("compare_experiments", { ...sides }, signal);
}

/** A prompt that two experiments share; texts are cut at 600 characters. */
export interface Pair {
  prompt_key: string;
  prompt: string;
  reference: string | null;
  difference: number | null;
  baseline_score: number | null;
  candidate_score: number | null;
  baseline_passed: boolean | null;
  candidate_passed: boolean | null;
  baseline_id: number;
  candidate_id: number;
  baseline_response: string | null;
  candidate_response: string | null;
  baseline_error: string | null;
  candidate_error: string | null;
}

/** Pairs of a page. */
export const PAIRS_OF_A_PAGE = 100;

/** Reads pairs by what became of them. */
export function readPairs(
  sides: Sides,
  { evaluator, show, after }: {
    /** Null: whether there was an answer. */
    evaluator: string | null;
    show: string;
    after: string | null;
  },
  signal: AbortSignal,
): Promise<{ rows: Pair[]; next: string | null }> {
  return callFunction("browse_experiment_pairs", {
    ...sides,
    evaluator,
    show,
    after,
    most: PAIRS_OF_A_PAGE,
  }, signal);
}

/** What a row of a comparison says, in a sentence. */
export function describeRow(row: Comparison): string {
  const { difference, difference_low: low, difference_high: high } = row;
  const isSure = low !== null && high !== null && (low > 0 || high < 0);
  const change = Math.abs(difference) < 1e-9
    ? "No difference"
    : `${difference > 0 ? "Better" : "Worse"} by ${
      toScore(Math.abs(difference))
    }`;
  const between = low === null || high === null
    ? ""
    : ` (95 % between ${toSigned(low)} and ${toSigned(high)}${
      isSure || Math.abs(difference) < 1e-9 ? "" : ", which may be chance"
    })`;
  const passes = row.gained || row.lost
    ? `; ${toNumber(row.gained)} now pass, ${toNumber(row.lost)} no longer${
      row.mcnemar_p === null
        ? ""
        : `, p ${Number(row.mcnemar_p.toPrecision(2))}`
    }`
    : "";
  return `${change}${between}${passes}.`;
}

/** What changed beside the scores; undefined: nothing is known of it. */
export function describeExpense(
  { latency_difference_ms: latency, cost_difference: cost }: Comparison,
): string | undefined {
  const parts = [
    latency !== null &&
    `${toNumber(Math.abs(Math.round(latency)))} ms ${
      latency > 0 ? "slower" : "faster"
    } on average`,
    cost !== null &&
    `${toMoney(Math.abs(cost))} ${cost > 0 ? "dearer" : "cheaper"} in all`,
  ].filter((part) => part !== false);
  return parts.length === 0 ? undefined : `${parts.join(", ")}.`;
}
