import type { EvaluationContext } from "../evaluator.ts";

/** A world in which every call is a mistake, but for those that are given. */
export function aContext(
  calls: Partial<EvaluationContext> = {},
): EvaluationContext {
  const refuse = () => Promise.reject(new Error("nobody may be asked"));
  return {
    post: refuse,
    responseIn: refuse,
    callFunction: refuse,
    now: () => 0,
    ...calls,
  };
}
