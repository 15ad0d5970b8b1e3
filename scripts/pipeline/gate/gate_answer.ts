/** From the worst to the best. */
export type Verdict = "worse" | "regression" | "undecided" | "pass";

/** What gate_experiments() answers. */
export interface GateAnswer {
  /** The worst of all evaluators. */
  verdict: Verdict;
  /** Experiments. */
  baseline: string;
  candidate: string;
  /** The name under which the baseline was approved; null: it was named itself. */
  approvedAs: string | null;
  /** Of the evaluators with this verdict, a sentence each. */
  reasons: string[];
  evaluators: GatedEvaluator[];
}

export interface GatedEvaluator {
  /** `success`: whether there was an answer. */
  evaluator: string;
  verdict: Verdict;
  reasons: string[];
  /** Prompts that the baseline has a score of. */
  prompts: number;
  baselineMean: number;
  candidateMean: number;
  /** Candidate less baseline; the ends of its 95 % interval are null for a single prompt. */
  difference: number;
  low: number | null;
  high: number | null;
  /** Null: this evaluator lets nothing pass or fail. */
  newlyFailed: number | null;
  /** The first 20 that newly failed, or that must pass. */
  failedPrompts: FailedPrompt[];
}

export interface FailedPrompt {
  promptKey: string;
  prompt: string;
  response: string | null;
  error: string | null;
}
