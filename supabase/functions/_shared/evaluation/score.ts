import type { TaskError } from "../task_error.ts";

/** What one evaluator says about one row; `error` when it could not score. */
export interface Score {
  /** The evaluator's name, unique in its run. */
  evaluator: string;
  /** From 0 (worst) to 1 (best). */
  score?: number;
  passed?: boolean;
  /** A word to count by, such as `win` or `refusal`; at most 200 characters. */
  label?: string;
  /** Why, for people; at most 2,000 characters. */
  explanation?: string;
  /** What could not be done, and what to do; at most 2,000 characters. */
  error?: string;
  /**
   * The failed call behind `error`, of a judge or a webhook; its class says whether another attempt
   * can help. Not meant to be stored.
   */
  failure?: TaskError;
}

/** A score that does not know its evaluator's name yet. */
export type Verdict = Omit<Score, "evaluator">;
