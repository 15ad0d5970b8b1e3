import type { FinishReason } from "./model_result.ts";
import { toAnswerText, type ToolCall } from "./tool_calls.ts";

/** Why an answer ends, or why there is none. */
export type Ending =
  | FinishReason
  | "content_filter"
  | "refusal"
  /** The endpoint gave up in the middle. */
  | "broken_off";

/** One word for why a model stopped, as an API says it. */
export interface FinishFact {
  word: string;
  means: Exclude<Ending, "other">;
  vendor: string;
  /** A public report (owner/repository#number) or documentation. */
  source: string;
}

const facts = (
  vendor: string,
  source: string,
  words: Record<string, FinishFact["means"]>,
): FinishFact[] =>
  Object.entries(words)
    .map(([word, means]) => ({ word, means, vendor, source }));

/**
 * What vendors call the end of an answer. Gateways and compatible APIs pass the words of one through
 * the shape of another, so that there is one list for all formats.
 */
export const FINISH_FACTS: readonly FinishFact[] = [
  ...facts("OpenAI", "openai/openai-node, chat/completions.ts", {
    stop: "stop",
    length: "length",
    content_filter: "content_filter",
    tool_calls: "tool_calls",
    function_call: "tool_calls",
  }),
  ...facts("Anthropic", "anthropics/anthropic-sdk-typescript, messages.ts", {
    end_turn: "stop",
    stop_sequence: "stop",
    max_tokens: "length",
    model_context_window_exceeded: "length",
    tool_use: "tool_calls",
    refusal: "refusal",
    pause_turn: "broken_off",
  }),
  ...facts("Gemini", "googleapis/js-genai, src/types.ts", {
    SAFETY: "content_filter",
    RECITATION: "content_filter",
    LANGUAGE: "content_filter",
    BLOCKLIST: "content_filter",
    PROHIBITED_CONTENT: "content_filter",
    SPII: "content_filter",
    IMAGE_SAFETY: "content_filter",
    IMAGE_PROHIBITED_CONTENT: "content_filter",
    IMAGE_RECITATION: "content_filter",
    MODEL_ARMOR: "content_filter",
    NO_IMAGE: "refusal",
    MALFORMED_FUNCTION_CALL: "broken_off",
    UNEXPECTED_TOOL_CALL: "broken_off",
    MALFORMED_RESPONSE: "broken_off",
  }),
  ...facts("OpenAI Responses", "openai/openai-node, responses/responses.ts", {
    completed: "stop",
    max_output_tokens: "length",
    failed: "broken_off",
    cancelled: "broken_off",
    in_progress: "broken_off",
    queued: "broken_off",
  }),
  ...facts("Amazon Bedrock", "docs.aws.amazon.com, Converse API", {
    content_filtered: "content_filter",
    guardrail_intervened: "content_filter",
  }),
  ...facts("Cohere", "docs.cohere.com, chat", {
    COMPLETE: "stop",
    ERROR: "broken_off",
    ERROR_TOXIC: "content_filter",
    ERROR_LIMIT: "length",
    TIMEOUT: "broken_off",
  }),
  ...facts("DeepSeek", "api-docs.deepseek.com, chat completion", {
    insufficient_system_resource: "broken_off",
  }),
  ...facts("Zhipu", "genkit-ai/genkit#6259", {
    sensitive: "content_filter",
    network_error: "broken_off",
  }),
  ...facts("Mistral", "docs.mistral.ai, chat completion", {
    model_length: "length",
  }),
  ...facts("TGI, Together", "huggingface/text-generation-inference", {
    eos: "stop",
    eos_token: "stop",
  }),
  ...facts("vLLM, SGLang", "vllm-project/vllm, v1/request.py", {
    abort: "broken_off",
    aborted: "broken_off",
  }),
];

const ENDINGS = new Map<string, Ending>(
  FINISH_FACTS.map(({ word, means }) => [normalise(word), means]),
);

/** Python's names (`FinishReason.SAFETY`) and hyphens (`content-filter`) are the same words. */
function normalise(word: string): string {
  return word.slice(word.lastIndexOf(".") + 1).toLowerCase()
    .replaceAll("-", "_");
}

/**
 * What came of an answer of this text and these calls, given the fields that say why it ended; the
 * first that says anything counts, unless another tells of a failure.
 */
export function toEndedAnswer(
  { text, calls, ends }: {
    text: string;
    calls: ToolCall[];
    ends: Record<string, unknown>;
  },
) {
  const said = Object.entries(ends)
    .filter(([, word]) => typeof word === "string")
    .map(([field, word]) => ({
      ending: ENDINGS.get(normalise(String(word))) ?? "other",
      reason: `${field} ${word}`,
    }));
  // A gateway says "stop" itself, and what really happened beside it.
  const { ending, reason } = said.find(({ ending }) => FAILURES.has(ending)) ??
    said[0] ?? { ending: "other", reason: "" };
  switch (ending) {
    case "content_filter":
    case "refusal":
      return { kind: "declined", code: ending, reason } as const;
    case "broken_off":
      return { kind: "broken_off", reason } as const;
    default:
      return {
        kind: "text",
        text: toAnswerText(text, calls),
        ...calls.length > 0 && { toolCalls: calls },
        // Ollama, Gemini and OpenAI, when it was made to call, say stop.
        finishReason: calls.length > 0 && ending !== "length"
          ? "tool_calls"
          : ending,
      } as const;
  }
}

const FAILURES = new Set<Ending>(["content_filter", "refusal", "broken_off"]);
