import { answerReader } from "../answer_reader.ts";
import { completeBaseUrl } from "../base_url.ts";
import {
  asArray,
  asObject,
  asString,
  isJsonObject,
  type JsonObject,
} from "../json_value.ts";
import type { ModelFormat, Said, StreamAssembly } from "../model_format.ts";
import type { RequestParts } from "../model_request.ts";
import { toEndedAnswer } from "../finish_reasons.ts";
import { type TokenUsage, toUsage } from "../token_usage.ts";
import { textOfParts, toToolCall } from "../tool_calls.ts";
import { refuseUnsupported } from "../unsendable_request.ts";

/**
 * OpenAI's Responses API (`POST /v1/responses`). Fields as in openai-node's
 * `resources/responses/responses.ts`, August 2026.
 */
export const openaiResponses = {
  name: "openai-responses",
  path: /\/responses\/?$/,
  headers: {},
  toUrl: (url) => completeBaseUrl(url, "/v1", "/responses").href,
  toBody,
  recognises: (body) =>
    asObject(body).object === "response" &&
    Array.isArray(asObject(body).output),
  readAnswer: answerReader(readResponsesUsage, read),
  assembleStream,
} as const satisfies ModelFormat;

function toBody(parts: RequestParts): JsonObject {
  refuseUnsupported("openai-responses", parts, [
    "topK",
    "stop",
    "seed",
    "presencePenalty",
    "frequencyPenalty",
  ]);
  const { neutral, verbatim } = parts;
  return {
    ...verbatim,
    model: parts.model,
    instructions: parts.system,
    input: parts.turns,
    temperature: neutral.temperature,
    top_p: neutral.topP,
    max_output_tokens: neutral.maxTokens,
    text: neutral.responseSchema === undefined ? verbatim.text : {
      ...asObject(verbatim.text),
      format: {
        type: "json_schema",
        name: "response",
        schema: neutral.responseSchema,
        strict: true,
      },
    },
  };
}

function read(root: JsonObject): Said | undefined {
  if (!Array.isArray(root.output)) return undefined;
  const output = root.output.map(asObject);
  const content = output.filter((item) => item.type === "message")
    .flatMap((item) => asArray(item.content)).map(asObject);
  const refusal = content.find((part) => part.type === "refusal");
  if (refusal) {
    const reason = asString(refusal.refusal) ?? "refusal";
    return { kind: "declined", code: "refusal", reason };
  }
  const calls = output.filter((item) => item.type === "function_call")
    .map(toToolCall);
  return toEndedAnswer({
    text: textOfParts(content, "output_text"),
    calls,
    ends: {
      "incomplete:": asObject(root.incomplete_details).reason,
      status: root.status,
    },
  });
}

/** The usage as the Responses API tells it, and the Decisions API after it. */
export function readResponsesUsage({ usage }: JsonObject): TokenUsage {
  const said = asObject(usage);
  const inputDetails = asObject(said.input_tokens_details);
  return toUsage({
    inputTokens: said.input_tokens,
    cachedInputTokens: inputDetails.cached_tokens,
    cacheWriteTokens: inputDetails.cache_write_tokens,
    outputTokens: said.output_tokens,
    reasoningTokens: asObject(said.output_tokens_details).reasoning_tokens,
  });
}

const LAST_EVENTS = new Set([
  "response.completed",
  "response.incomplete",
  "response.failed",
]);

/** The last event repeats the whole response, so deltas need no adding up. */
function assembleStream(): StreamAssembly {
  let body: JsonObject | undefined;
  return {
    add(event) {
      if (LAST_EVENTS.has(String(event.type)) && isJsonObject(event.response)) {
        body = event.response;
      } else if (event.type === "error" || isJsonObject(event.error)) {
        body = event;
      }
      return body !== undefined;
    },
    body: () => body,
  };
}
