/** A stored result as evaluators see it: a row of `prompt_evaluations`, without what they never need. */
export interface EvaluationRow {
  id: number;
  /** Equal for the same prompt in other experiments. */
  promptKey: string;
  /** Which of several answers of its run to the prompt, from 1. */
  repetition: number;
  /** As it was sent. */
  prompt: string;
  /** The system message of the run's template, filled; null: it has none. */
  system: string | null;
  /** Null when the prompt failed. */
  response: string | null;
  success: boolean;
  /** What the assistant in the archive answered. */
  reference: string | null;
  model: string | null;
  /** From sending the request to the last byte of the answer. */
  durationMs: number | null;
  inputTokens: number | null;
  outputTokens: number | null;
  /** Of a failed prompt `errorCode` says why, such as `refusal` or `timeout`. */
  metadata: Record<string, unknown>;
}
