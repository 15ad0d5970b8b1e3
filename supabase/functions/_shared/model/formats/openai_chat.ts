import { answerReader } from "../answer_reader.ts";
import { completeBaseUrl } from "../base_url.ts";
import {
  asArray,
  asCount,
  asObject,
  asString,
  type JsonObject,
} from "../json_value.ts";
import type { ModelFormat, Said, StreamAssembly } from "../model_format.ts";
import type { RequestParts } from "../model_request.ts";
import { toEndedAnswer } from "../finish_reasons.ts";
import { readProviderError } from "../provider_error.ts";
import { type TokenUsage, toUsage } from "../token_usage.ts";
import { textOfParts, toToolCall } from "../tool_calls.ts";

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
  readAnswer: answerReader((root) => readUsage(asObject(root.usage)), read),
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
    ...parts.verbatim.stream === true && streamsUsageOnWish(url) && {
      stream_options: {
        ...asObject(parts.verbatim.stream_options),
        include_usage: true,
      },
    },
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

/** Without the wish a stream says nothing of tokens; Mistral always does, and refuses the wish. */
function streamsUsageOnWish(url: URL): boolean {
  return !/(^|\.)mistral\.ai$/.test(url.hostname);
}

function read(root: JsonObject): Said | undefined {
  const choice = asObject(asArray(root.choices)[0]);
  // OpenRouter reports a failure after 200 at either place.
  const error = readProviderError(choice);
  if (error) return { kind: "error", error };
  if (!Array.isArray(root.choices)) return undefined;
  const message = asObject(choice.message);
  const refusal = asString(message.refusal);
  if (refusal) return { kind: "declined", code: "refusal", reason: refusal };
  const calls = asArray(message.tool_calls)
    .map((call) => toToolCall(asObject(asObject(call).function)));
  return toEndedAnswer({
    text: readContent(message.content),
    calls,
    // OpenRouter says what the provider said beside its own.
    ends: {
      finish_reason: choice.finish_reason,
      native_finish_reason: choice.native_finish_reason,
    },
  });
}

/**
 * Cached tokens are part of the prompt; DeepSeek and Moonshot count them under names of their own.
 * Reasoning is part of the completion with OpenAI, and beside it with xAI
 * (https://docs.x.ai/docs/key-information/consumption-and-rate-limits) and Gemini's compatible API:
 * the total tells.
 */
function readUsage(usage: JsonObject): TokenUsage {
  const inputDetails = asObject(usage.prompt_tokens_details);
  const reasoning = asObject(usage.completion_tokens_details).reasoning_tokens;
  const input = asCount(usage.prompt_tokens) ?? 0;
  const answered = asCount(usage.completion_tokens);
  const beside = (asCount(usage.total_tokens) ?? 0) - input - (answered ?? 0);
  const thoughts = asCount(reasoning) ?? Math.max(0, beside);
  const isBeside = answered !== undefined && thoughts > 0 && beside >= thoughts;
  return toUsage({
    inputTokens: usage.prompt_tokens,
    cachedInputTokens: inputDetails.cached_tokens ??
      usage.prompt_cache_hit_tokens ?? usage.cached_tokens,
    cacheWriteTokens: inputDetails.cache_write_tokens,
    outputTokens: isBeside ? answered + thoughts : answered,
    reasoningTokens: isBeside ? thoughts : reasoning,
  });
}

/** A string, or from some servers (Mistral) a list of typed parts. */
function readContent(content: unknown): string {
  if (typeof content === "string") return content;
  return textOfParts(asArray(content).map(asObject), "text");
}

function assembleStream(): StreamAssembly {
  const about: JsonObject = {};
  const calls: StreamedCall[] = [];
  let content = "";
  let refusal = "";
  let finishReason: unknown;
  let nativeReason: unknown;
  let error: unknown;

  return {
    add(event) {
      if (event.model) about.model = event.model;
      if (event.usage) about.usage = event.usage;
      const choice = asObject(asArray(event.choices)[0]);
      error ??= event.error ?? choice.error;
      const delta = asObject(choice.delta ?? choice.message);
      const said = readContent(delta.content);
      // A message is no piece: it is all that was said, as the only event or after the pieces.
      content = choice.delta || said === "" ? content + said : said;
      refusal += asString(delta.refusal) ?? "";
      for (const part of asArray(delta.tool_calls).map(asObject)) {
        addToCall(calls, part);
      }
      finishReason = toReason(choice.finish_reason) ?? finishReason;
      nativeReason = toReason(choice.native_finish_reason) ?? nativeReason;
      // Usage follows the finish reason, so only [DONE] or the end is the end.
      return error !== undefined;
    },
    body() {
      if (error !== undefined) return { ...about, error };
      if (finishReason === undefined) return undefined;
      const message = {
        content,
        refusal,
        tool_calls: calls.map(({ name, arguments: written }) => ({
          function: { name, arguments: written },
        })),
      };
      return {
        ...about,
        choices: [{
          message,
          finish_reason: finishReason,
          native_finish_reason: nativeReason,
        }],
      };
    },
  };
}

interface StreamedCall {
  index: unknown;
  id: unknown;
  name: string;
  arguments: string;
}

/**
 * Gemini's compatible API gives parallel calls one index, or none, and only their ids tell them apart
 * (su-kaka/gcli2api, pull request 406; open-webui/computer#224). Who gives each piece an id of its own
 * names the call once.
 */
function addToCall(calls: StreamedCall[], part: JsonObject): void {
  const called = asObject(part.function);
  const name = asString(called.name) ?? "";
  const known = calls.findLast(({ index }) => index === part.index);
  const isNext = name !== "" && Boolean(part.id) && part.id !== known?.id;
  const call = known === undefined || isNext
    ? { index: part.index, id: part.id, name: "", arguments: "" }
    : known;
  if (call !== known) calls.push(call);
  call.name += name;
  call.arguments += asString(called.arguments) ?? "";
}

/** Some write "" or "null" before the end: ollama/ollama#4357, PowerShell/AIShell#350. */
function toReason(word: unknown): unknown {
  return word === "" || word === "null" ? undefined : word ?? undefined;
}
