import type { GateAnswer, GatedEvaluator } from "./gate_answer.ts";

/** An answer of gate_experiments() for tests of what is written of it. */
export function sampleAnswer(
  evaluators: Partial<GatedEvaluator>[],
  answer: Partial<GateAnswer> = {},
): GateAnswer {
  return {
    verdict: "regression",
    baseline: "before",
    candidate: "after",
    approvedAs: null,
    reasons: [],
    evaluators: evaluators.map((evaluator) => ({
      evaluator: "exact-match",
      verdict: "regression",
      reasons: ["worse than the baseline"],
      prompts: 100,
      baselineMean: 0.9,
      candidateMean: 0.79,
      difference: -0.11,
      low: -0.189,
      high: -0.028,
      newlyFailed: 14,
      failedPrompts: [],
      ...evaluator,
    })),
    ...answer,
  };
}
