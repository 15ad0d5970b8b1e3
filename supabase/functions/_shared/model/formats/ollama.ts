import { answerReader } from "../answer_reader.ts";
import { completeBaseUrl } from "../base_url.ts";
import { asArray, asObject, asString, type JsonObject } from "../json_value.ts";
import type { ModelFormat, Said, StreamAssembly } from "../model_format.ts";
import { type RequestParts, toStopList } from "../model_request.ts";
import { toEndedAnswer } from "../finish_reasons.ts";
import { toUsage } from "../token_usage.ts";
import { toToolCall } from "../tool_calls.ts";
import { requireModel } from "../unsendable_request.ts";

/**
 * Ollama's own chat API (`POST /api/chat`). Fields as in Ollama's
 * `api/types.go`, August 2026.
 */
export const ollama = {
  name: "ollama",
  path: /\/api\/chat\/?$/,
  // Its port. OpenAI-compatible paths there are recognised first.
  host: /:11434$/,
  headers: {},
  toUrl: (url) => completeBaseUrl(url, "/api", "/chat").href,
  toBody,
  recognises: (body) => {
    const root = asObject(body);
    return typeof root.done === "boolean" &&
      asObject(root.message).role !== undefined;
  },
  readAnswer: answerReader((root) =>
    toUsage({
      inputTokens: root.prompt_eval_count,
      outputTokens: root.eval_count,
    }), read),
  assembleStream,
} as const satisfies ModelFormat;

function toBody(parts: RequestParts): JsonObject {
  const { neutral, verbatim } = parts;
  return {
    // Ollama streams unless told not to.
    stream: false,
    ...verbatim,
    model: requireModel("ollama", parts),
    messages: parts.messages,
    format: neutral.responseSchema ?? verbatim.format,
    options: {
      ...asObject(verbatim.options),
      temperature: neutral.temperature,
      top_p: neutral.topP,
      top_k: neutral.topK,
      num_predict: neutral.maxTokens,
      stop: toStopList(neutral.stop),
      seed: neutral.seed,
      presence_penalty: neutral.presencePenalty,
      frequency_penalty: neutral.frequencyPenalty,
    },
  };
}

function read(root: JsonObject): Said | undefined {
  if (root.message === undefined) return undefined;
  const message = asObject(root.message);
  const calls = asArray(message.tool_calls)
    .map((call) => toToolCall(asObject(asObject(call).function)));
  return toEndedAnswer({
    text: asString(message.content) ?? "",
    calls,
    ends: { done_reason: root.done_reason },
  });
}

function assembleStream(): StreamAssembly {
  const calls: unknown[] = [];
  let content = "";
  let last: JsonObject | undefined;

  return {
    add(event) {
      const message = asObject(event.message);
      content += asString(message.content) ?? "";
      calls.push(...asArray(message.tool_calls));
      if (event.done === true || event.error !== undefined) last = event;
      return last !== undefined;
    },
    body() {
      if (last === undefined || last.error !== undefined) return last;
      return { ...last, message: { content, tool_calls: calls } };
    },
  };
}
