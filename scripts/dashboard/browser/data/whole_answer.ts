import type { Label, ListedScore } from "./answers.ts";
import { callFunction } from "./project.ts";

/** A message of a conversation. */
export interface Message {
  role: string;
  content: unknown;
}

/** All that is known of an answer. */
export interface WholeAnswer {
  evaluation: {
    id: number;
    prompt: string;
    prompt_key: string;
    repetition: number;
    response: string | null;
    reference: string | null;
    passages: unknown;
    error: string | null;
    success: boolean;
    model: string | null;
    experiment_name: string | null;
    run_id: number | null;
    timestamp: string;
    duration_ms: number | null;
    input_tokens: number | null;
    cached_input_tokens: number | null;
    output_tokens: number | null;
    reasoning_tokens: number | null;
    cost: number | null;
    finish_reason: string | null;
    attempts: number | null;
    tool_calls: unknown;
    metadata: unknown;
    source: Record<string, unknown> | null;
    tags: string[];
    owner: string | null;
  };
  /** Null of answers that were stored from outside. */
  sent: {
    endpoint: string | null;
    model: string | null;
    system_prompt: string | null;
    template: string | null;
    parameters: Record<string, unknown> | null;
    messages: Message[] | null;
    prompt: string;
  } | null;
  scores: (ListedScore & {
    evaluator: string;
    explanation: string | null;
    created_at: string;
  })[];
  votes: (ListedScore & {
    evaluator: string;
    vote: number;
    explanation: string | null;
    answer: string | null;
  })[];
  labels: Label[];
  attempts: {
    attempt: number | null;
    class: string;
    code: string;
    message: string;
    final: boolean;
    created_at: string;
  }[];
  siblings: Sibling[];
}

/** The same prompt elsewhere. */
export interface Sibling {
  results_table: string;
  id: number;
  experiment_name: string | null;
  run_id: number | null;
  model: string | null;
  repetition: number;
  success: boolean;
  response: string | null;
  error: string | null;
  duration_ms: number | null;
  cost: number | null;
  timestamp: string;
  scores: Record<string, ListedScore>;
}

/** Reads an answer. @throws Error there is none */
export async function readAnswer(
  results_table: string,
  id: number,
  signal: AbortSignal,
): Promise<WholeAnswer> {
  const answer = await callFunction<WholeAnswer | null>(
    "read_evaluation",
    { results_table, id },
    signal,
  );
  if (answer) return answer;
  throw new Error(`There is no answer ${id} in ${results_table}`);
}
