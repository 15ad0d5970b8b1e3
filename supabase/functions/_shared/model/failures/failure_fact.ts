import type { TaskError } from "../../task_error.ts";

export type Verdict = Pick<TaskError, "class" | "code">;

/** A failure as a vendor was seen to tell it. */
export interface SeenFailure {
  vendor: string;
  /** A public report (owner/repository#number) or documentation. */
  source: string;
  status: number;
  body: unknown;
}

/** How a failure is told from others of its status; every condition that is given must hold. */
export interface FailureFact {
  means: Verdict;
  /** Default: below 500. A failure without any status has all of them. */
  statuses?: readonly number[];
  /** One of the words that name the error. */
  code?: RegExp;
  /** What is said, from its beginning: a failure may quote a prompt. */
  message?: RegExp;
  /** What no pattern can tell of what is said. */
  test?(said: string): boolean;
  seen: readonly SeenFailure[];
}

/** The body of most vendors' failures. */
export const errorBody = (error: object) => ({ error });
