import { toStorable } from "./text/clip.ts";

/** What one evaluator says about one row; `error` when it could not score. */
export interface Score extends Verdict {
  /** The evaluator's name, unique in its run. */
  evaluator: string;
}

/** A score that does not know its evaluator's name yet. */
export interface Verdict {
  /** From 0 (worst) to 1 (best). */
  score?: number;
  passed?: boolean;
  /** A word to count by, such as `win` or `refusal`; at most 200 characters. */
  category?: string;
  /** Why, for people; at most 2,000 characters. */
  explanation?: string;
  /** What could not be done, and what to do; at most 2,000 characters. */
  error?: string;
}

const MOST_CATEGORY = 200;
const MOST_TEXT = 2000;
/** Sums and squares of scores must not overflow in anybody's summary. */
const LARGEST_SCORE = 1e6;

/** The verdict without what is undefined, its texts fit for Postgres and cut to a bounded length. */
export function toStorableVerdict(verdict: Verdict): Verdict {
  const { score, passed, category, explanation, error } = verdict;
  const storable: Verdict = {};
  if (score !== undefined) {
    if (Math.abs(score) <= LARGEST_SCORE) storable.score = score;
    else storable.error = `Cannot score: ${score} is beyond a million`;
  }
  if (passed !== undefined) storable.passed = passed;
  if (category !== undefined) {
    storable.category = toStorable(category, MOST_CATEGORY);
  }
  if (explanation !== undefined) {
    storable.explanation = toStorable(explanation, MOST_TEXT);
  }
  if (error !== undefined) storable.error = toStorable(error, MOST_TEXT);
  return storable;
}
