/** An API that the simulator speaks; the names of the product's formats. */
export type SimulatedApi =
  | "openai-chat"
  | "openai-responses"
  | "anthropic-messages"
  | "gemini"
  | "ollama"
  | "custom";

/** What a model may do with a prompt other than answer it. */
export const BEHAVIOURS = [
  "length",
  "length-empty",
  "empty-content",
  "refusal",
  "content-filter",
  "tool-call",
] as const;

/** What a model does with a prompt, before any API puts it into words. */
export type Behaviour = "answer" | typeof BEHAVIOURS[number];

/** One answer, not yet in the words of an API. */
export interface SimulatedAnswer {
  behaviour: Behaviour;
  text: string;
  model: string;
  inputTokens: number;
  outputTokens: number;
}

/** The API that a request path belongs to. */
export function apiOfPath(path: string): SimulatedApi {
  if (path.endsWith("/responses")) return "openai-responses";
  if (path.endsWith("/messages")) return "anthropic-messages";
  if (/:(generateContent|streamGenerateContent)$/.test(path)) return "gemini";
  if (path.endsWith("/api/chat")) return "ollama";
  if (path.endsWith("/custom")) return "custom";
  return "openai-chat";
}

/** The text that a request body asks to answer, in any of the APIs. */
// deno-lint-ignore no-explicit-any -- bodies of six APIs, read leniently
export function promptOfBody(body: any): string {
  const turns = body?.messages ?? body?.input ?? body?.contents;
  const last = Array.isArray(turns) ? turns.at(-1) : turns;
  const content = last?.content ?? last?.parts ?? last ?? body?.prompt;
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return "";
  return content.map((part) => part?.text ?? "").join("");
}

const TOOL = { name: "look_up", arguments: { word: "tide" } };
const NO_TEXT: ReadonlySet<Behaviour> = new Set([
  "length-empty",
  "empty-content",
  "content-filter",
  "tool-call",
]);

/** The response body with which an API gives this answer. */
export function toBody(api: SimulatedApi, answer: SimulatedAnswer): unknown {
  const text = NO_TEXT.has(answer.behaviour) ? "" : answer.text;
  return BODIES[api](answer, text);
}

const BODIES: Record<
  SimulatedApi,
  (answer: SimulatedAnswer, text: string) => unknown
> = {
  "openai-chat": (answer, text) => ({
    id: "chatcmpl-simulated",
    object: "chat.completion",
    created: 1_767_225_600,
    model: answer.model,
    choices: [{
      index: 0,
      message: {
        role: "assistant",
        content: text || null,
        refusal: answer.behaviour === "refusal" ? REFUSAL : null,
        ...(answer.behaviour === "tool-call" && {
          tool_calls: [{
            id: "call_1",
            type: "function",
            function: {
              name: TOOL.name,
              arguments: JSON.stringify(TOOL.arguments),
            },
          }],
        }),
      },
      logprobs: null,
      finish_reason: FINISH.openai[answer.behaviour] ?? "stop",
    }],
    usage: {
      prompt_tokens: answer.inputTokens,
      completion_tokens: answer.outputTokens,
      total_tokens: answer.inputTokens + answer.outputTokens,
    },
  }),

  "openai-responses": (answer, text) => ({
    id: "resp_simulated",
    object: "response",
    created_at: 1_767_225_600,
    status: answer.behaviour.startsWith("length") ||
        answer.behaviour === "content-filter"
      ? "incomplete"
      : "completed",
    incomplete_details: answer.behaviour.startsWith("length")
      ? { reason: "max_output_tokens" }
      : answer.behaviour === "content-filter"
      ? { reason: "content_filter" }
      : null,
    error: null,
    model: answer.model,
    output: answer.behaviour === "tool-call"
      ? [{
        type: "function_call",
        id: "fc_1",
        call_id: "call_1",
        name: TOOL.name,
        arguments: JSON.stringify(TOOL.arguments),
        status: "completed",
      }]
      : [
        { type: "reasoning", id: "rs_1", summary: [] },
        {
          type: "message",
          id: "msg_1",
          role: "assistant",
          status: "completed",
          content: answer.behaviour === "refusal"
            ? [{ type: "refusal", refusal: REFUSAL }]
            : text
            ? [{ type: "output_text", text, annotations: [] }]
            : [],
        },
      ],
    usage: {
      input_tokens: answer.inputTokens,
      input_tokens_details: { cached_tokens: 0 },
      output_tokens: answer.outputTokens,
      output_tokens_details: { reasoning_tokens: 0 },
      total_tokens: answer.inputTokens + answer.outputTokens,
    },
  }),

  "anthropic-messages": (answer, text) => ({
    id: "msg_simulated",
    type: "message",
    role: "assistant",
    model: answer.model,
    content: answer.behaviour === "tool-call"
      ? [{
        type: "tool_use",
        id: "toolu_1",
        name: TOOL.name,
        input: TOOL.arguments,
      }]
      : text && answer.behaviour !== "refusal"
      ? [{ type: "text", text }]
      : [],
    // The API has no word for its content filter but this one.
    stop_reason: FINISH.anthropic[answer.behaviour] ?? "end_turn",
    stop_sequence: null,
    stop_details: ["refusal", "content-filter"].includes(answer.behaviour)
      ? { type: "refusal", category: null, explanation: REFUSAL }
      : null,
    usage: {
      input_tokens: answer.inputTokens,
      output_tokens: answer.outputTokens,
      cache_creation_input_tokens: 0,
      cache_read_input_tokens: 0,
    },
  }),

  gemini: (answer, text) => ({
    // Gemini refuses a prompt by leaving the candidates out.
    ...(answer.behaviour === "refusal"
      ? { promptFeedback: { blockReason: "PROHIBITED_CONTENT" } }
      : {
        candidates: [{
          index: 0,
          ...(answer.behaviour !== "content-filter" && {
            content: {
              role: "model",
              parts: answer.behaviour === "tool-call"
                ? [{ functionCall: { name: TOOL.name, args: TOOL.arguments } }]
                : text
                ? [{ text }]
                : [],
            },
          }),
          finishReason: FINISH.gemini[answer.behaviour] ?? "STOP",
        }],
      }),
    usageMetadata: {
      promptTokenCount: answer.inputTokens,
      candidatesTokenCount: answer.outputTokens,
      totalTokenCount: answer.inputTokens + answer.outputTokens,
    },
    modelVersion: answer.model,
    responseId: "simulated",
  }),

  ollama: (answer, text) => ({
    model: answer.model,
    created_at: "2026-01-01T00:00:00Z",
    message: {
      role: "assistant",
      content: text,
      ...(answer.behaviour === "tool-call" && {
        tool_calls: [{ function: TOOL }],
      }),
    },
    done: true,
    done_reason: answer.behaviour.startsWith("length") ? "length" : "stop",
    prompt_eval_count: answer.inputTokens,
    eval_count: answer.outputTokens,
  }),

  custom: (answer, text) => ({
    result: { text },
    model: answer.model,
    usage: { in: answer.inputTokens, out: answer.outputTokens },
  }),
};

const REFUSAL = "I cannot help with that";
const FINISH: Record<
  "openai" | "anthropic" | "gemini",
  Partial<Record<Behaviour, string>>
> = {
  openai: {
    length: "length",
    "length-empty": "length",
    "content-filter": "content_filter",
    "tool-call": "tool_calls",
  },
  anthropic: {
    length: "max_tokens",
    "length-empty": "max_tokens",
    refusal: "refusal",
    "content-filter": "refusal",
    "tool-call": "tool_use",
  },
  gemini: {
    length: "MAX_TOKENS",
    "length-empty": "MAX_TOKENS",
    "content-filter": "SAFETY",
  },
};
