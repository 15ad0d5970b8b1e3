import type { ToolCall } from "../model/tool_calls.ts";

/** A stored result as evaluators see it: a row of `prompt_evaluations`, without what they never need. */
export interface EvaluationRow {
  id: number;
  /** Equal for the same prompt in other experiments. */
  promptKey: string;
  /** Which of several answers of its run to the prompt, from 1. */
  repetition: number;
  /** As it was sent. */
  prompt: string;
  /** The system message as it was sent; null: there was none, or nobody asks a judge. */
  system: string | null;
  /** User and assistant turns that were sent before the prompt, oldest first; read for judges only. */
  earlierTurns: { role: string; content: string }[];
  /** Null when the prompt failed. */
  response: string | null;
  success: boolean;
  /** What the assistant in the archive answered. */
  reference: string | null;
  /** What a retriever found for the prompt, as it was stored; read for judges and webhooks only. */
  passages: unknown;
  model: string | null;
  /** From sending the request to the last byte of the answer. */
  durationMs: number | null;
  inputTokens: number | null;
  outputTokens: number | null;
  /** USD; null: nobody knows. */
  cost: number | null;
  finishReason: string | null;
  /** What the model asked to call; null: nothing. */
  toolCalls: ToolCall[] | null;
  /** Of a failed prompt `errorCode` says why, such as `refusal` or `timeout`. */
  metadata: Record<string, unknown>;
}
