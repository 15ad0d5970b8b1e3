import { completeBaseUrl } from "../base_url.ts";
import {
  asArray,
  asCount,
  asObject,
  asString,
  type JsonObject,
} from "../json_value.ts";
import type { Answer, ModelFormat, StreamAssembly } from "../model_format.ts";
import type { RequestParts } from "../model_request.ts";
import type { FinishReason } from "../model_result.ts";
import { readProviderError } from "../provider_error.ts";
import { textOfParts, toAnswerText, toToolCall } from "../tool_calls.ts";

/**
 * Whether a URL is what OpenAI's SDKs take as `base_url`: `…/v1`, as of vLLM, LM Studio, llama.cpp,
 * LiteLLM and Ollama, another version (`/api/v3` of Volcengine, `/api/paas/v4` of Z.ai), or
 * `…/openai` (Gemini's compatible API, Azure's `/openai/v1`). They append the path of the method:
 * https://github.com/openai/openai-python, `_base_client.py`.
 */
export function isOpenaiBase(url: URL): boolean {
  return baseOf(url) !== undefined;
}

function baseOf({ pathname }: URL): string | undefined {
  return /(\/(?:v\d+|openai))\/*$/.exec(pathname)?.[1];
}

/**
 * OpenAI's Chat Completions API (`POST /v1/chat/completions`) and the many
 * servers that speak it. Fields as in openai-node's
 * `resources/chat/completions/completions.ts`, August 2026.
 */
export const openaiChat = {
  name: "openai-chat",
  path: /\/chat\/completions\/?$/,
  host:
    /(^|\.)(openai\.com|openrouter\.ai|groq\.com|mistral\.ai|deepseek\.com|together\.xyz|fireworks\.ai|x\.ai|perplexity\.ai|cerebras\.ai)$/,
  headers: {},
  toUrl: (url) =>
    completeBaseUrl(url, baseOf(url) ?? "/v1", "/chat/completions").href,
  toBody,
  recognises: (body) => Array.isArray(asObject(body).choices),
  readAnswer,
  assembleStream,
} as const satisfies ModelFormat;

function toBody(parts: RequestParts, url: URL): JsonObject {
  const { neutral } = parts;
  return {
    ...parts.verbatim,
    model: parts.model,
    messages: parts.messages,
    temperature: neutral.temperature,
    top_p: neutral.topP,
    // Not OpenAI's, but vLLM, OpenRouter and others take it by this name.
    top_k: neutral.topK,
    [takesMaxCompletionTokens(url) ? "max_completion_tokens" : "max_tokens"]:
      neutral.maxTokens,
    stop: neutral.stop,
    seed: neutral.seed,
    presence_penalty: neutral.presencePenalty,
    frequency_penalty: neutral.frequencyPenalty,
    response_format: neutral.responseSchema === undefined
      ? parts.verbatim.response_format
      : {
        type: "json_schema",
        json_schema: {
          name: "response",
          schema: neutral.responseSchema,
          strict: true,
        },
      },
  };
}

/**
 * OpenAI deprecated `max_tokens` and its reasoning models refuse it; most
 * compatible servers know nothing else.
 */
function takesMaxCompletionTokens(url: URL): boolean {
  return /(^|\.)(openai\.com|openai\.azure\.com|cognitiveservices\.azure\.com)$/
    .test(url.hostname);
}

function readAnswer(body: unknown): Answer {
  const root = asObject(body);
  const usage = {
    inputTokens: asCount(asObject(root.usage).prompt_tokens),
    outputTokens: asCount(asObject(root.usage).completion_tokens),
  };
  const about = { model: asString(root.model), usage };
  const choice = asObject(asArray(root.choices)[0]);
  // OpenRouter reports a failure after 200 at either place.
  const error = readProviderError(root) ?? readProviderError(choice);
  if (error) return { ...about, kind: "error", error };
  if (!Array.isArray(root.choices)) return { ...about, kind: "unrecognised" };
  const message = asObject(choice.message);
  const refusal = asString(message.refusal);
  if (refusal) {
    return { ...about, kind: "declined", code: "refusal", reason: refusal };
  }
  if (choice.finish_reason === "content_filter") {
    const reason = "finish_reason content_filter";
    return { ...about, kind: "declined", code: "content_filter", reason };
  }
  const calls = asArray(message.tool_calls)
    .map((call) => toToolCall(asObject(asObject(call).function)));
  return {
    ...about,
    kind: "text",
    text: toAnswerText(readContent(message.content), calls),
    finishReason: FINISH_REASONS[String(choice.finish_reason)] ?? "other",
  };
}

const FINISH_REASONS: Record<string, FinishReason> = {
  stop: "stop",
  length: "length",
  tool_calls: "tool_calls",
  function_call: "tool_calls",
};

/** A string, or from some servers (Mistral) a list of typed parts. */
function readContent(content: unknown): string {
  if (typeof content === "string") return content;
  return textOfParts(asArray(content).map(asObject), "text");
}

function assembleStream(): StreamAssembly {
  const about: JsonObject = {};
  // A map, because an index from outside must not size an array.
  const calls = new Map<unknown, { name: string; arguments: string }>();
  let content = "";
  let refusal = "";
  let finishReason: unknown;
  let error: unknown;

  return {
    add(event) {
      if (event.model) about.model = event.model;
      if (event.usage) about.usage = event.usage;
      const choice = asObject(asArray(event.choices)[0]);
      error ??= event.error ?? choice.error;
      const delta = asObject(choice.delta);
      content += readContent(delta.content);
      refusal += asString(delta.refusal) ?? "";
      for (const part of asArray(delta.tool_calls).map(asObject)) {
        const call = calls.get(part.index) ?? { name: "", arguments: "" };
        calls.set(part.index, call);
        const called = asObject(part.function);
        call.name += asString(called.name) ?? "";
        call.arguments += asString(called.arguments) ?? "";
      }
      finishReason = choice.finish_reason ?? finishReason;
      // Usage follows the finish reason, so only [DONE] or the end is the end.
      return error !== undefined;
    },
    body() {
      if (error !== undefined) return { ...about, error };
      if (!finishReason) return undefined;
      const message = {
        content,
        refusal,
        tool_calls: [...calls.values()].map((call) => ({ function: call })),
      };
      return { ...about, choices: [{ message, finish_reason: finishReason }] };
    },
  };
}
