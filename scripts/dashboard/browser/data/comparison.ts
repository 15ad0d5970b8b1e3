import type { Comparison as Compared } from "../../../pipeline/describe_comparison.ts";
import { toMoney, toNumber, toScore } from "../parts/formats.ts";
import { callFunction } from "./project.ts";

/** Two experiments of an owner. */
export interface Sides {
  baseline: string;
  candidate: string;
  owner: string | null;
}

/** A row of compare_experiments(), with the candidate less the baseline and its 95 % interval. */
export interface Comparison extends Compared {
  difference: number | null;
  difference_low: number | null;
  difference_high: number | null;
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
  baseline_table: string;
  candidate_table: string;
  baseline_id: number;
  candidate_id: number;
  baseline_response: string | null;
  candidate_response: string | null;
  baseline_error: string | null;
  candidate_error: string | null;
}

/** Pairs of a page. */
export const PAIRS_OF_A_PAGE = 100;

/** Pairs, and `after` of those that follow; null: there are none. */
export interface PairPage {
  rows: Pair[];
  next: string | null;
}

/** Reads pairs by what became of them. */
export function readPairs(
  sides: Sides,
  { evaluator, show, after, scan }: {
    /** Null: whether there was an answer. */
    evaluator: string | null;
    show: string;
    after: string | null;
    /** Of the prompts that follow so many answers are looked at; absent: all. */
    scan?: number;
  },
  signal: AbortSignal,
): Promise<PairPage> {
  return callFunction("browse_experiment_pairs", {
    ...sides,
    evaluator,
    show,
    after,
    most: PAIRS_OF_A_PAGE,
    scan,
  }, signal);
}

/** Whether a page that was looked for among some prompts would be another one among all. */
export function isOfSome(show: string, { rows, next }: PairPage): boolean {
  // These are ordered by their difference, all others by their key.
  const isTop = show === "worse" || show === "better";
  return next !== null && (isTop || rows.length < PAIRS_OF_A_PAGE);
}

/** What a row of a comparison says: what was found, and what passes now and no longer. */
export function describeRow(
  { finding, gained, lost, exact_p }: Comparison,
): string {
  if (!gained && !lost) return `${finding}.`;
  const p = exact_p === null ? "" : ` (p ${toScore(exact_p)})`;
  return `${finding}; ${toNumber(gained)} now pass, ${
    toNumber(lost)
  } no longer${p}.`;
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
