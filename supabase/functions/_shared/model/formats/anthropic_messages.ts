import { answerReader } from "../answer_reader.ts";
import { completeBaseUrl } from "../base_url.ts";
import { asObject, asString, type JsonObject } from "../json_value.ts";
import type { ModelFormat, Said, StreamAssembly } from "../model_format.ts";
import { type RequestParts, toStopList } from "../model_request.ts";
import { toEndedAnswer } from "../finish_reasons.ts";
import { sumOfCounts, type TokenUsage, toUsage } from "../token_usage.ts";
import { readToolArguments, textOfParts, toToolCall } from "../tool_calls.ts";
import { refuseUnsupported, requireModel } from "../unsendable_request.ts";

/**
 * Anthropic's Messages API (`POST /v1/messages`). Fields as in
 * anthropic-sdk-typescript's `resources/messages/messages.ts`, August 2026.
 */
export const anthropicMessages = {
  name: "anthropic-messages",
  path: /\/v1\/messages\/?$/,
  host: /(^|\.)anthropic\.com$/,
  headers: { "anthropic-version": "2023-06-01" },
  toUrl: (url) => completeBaseUrl(url, "/v1", "/messages").href,
  toBody,
  recognises: (body) =>
    asObject(body).type === "message" && Array.isArray(asObject(body).content),
  readAnswer: answerReader((root) => readUsage(asObject(root.usage)), read),
  assembleStream,
} as const satisfies ModelFormat;

/** The API demands `max_tokens`; every model it serves allows this many. */
const DEFAULT_MAX_TOKENS = 4096;

function toBody(parts: RequestParts): JsonObject {
  refuseUnsupported("anthropic-messages", parts, [
    "seed",
    "presencePenalty",
    "frequencyPenalty",
  ]);
  const { neutral, verbatim } = parts;
  return {
    ...verbatim,
    model: requireModel("anthropic-messages", parts),
    max_tokens: neutral.maxTokens ?? verbatim.max_tokens ?? DEFAULT_MAX_TOKENS,
    system: parts.system,
    messages: parts.turns,
    temperature: neutral.temperature,
    top_p: neutral.topP,
    top_k: neutral.topK,
    stop_sequences: toStopList(neutral.stop),
    output_config: neutral.responseSchema === undefined
      ? verbatim.output_config
      : {
        ...asObject(verbatim.output_config),
        format: { type: "json_schema", schema: neutral.responseSchema },
      },
  };
}

function read(root: JsonObject): Said | undefined {
  if (!Array.isArray(root.content)) return undefined;
  if (root.stop_reason === "refusal") {
    const { explanation, category } = asObject(root.stop_details);
    const reason = asString(explanation) ?? asString(category) ??
      "stop_reason refusal";
    return { kind: "declined", code: "refusal", reason };
  }
  const blocks = root.content.map(asObject);
  const calls = blocks.filter((block) => block.type === "tool_use")
    .map(toToolCall);
  return toEndedAnswer({
    text: textOfParts(blocks, "text"),
    calls,
    ends: { stop_reason: root.stop_reason },
  });
}

/** Cached input is counted apart from the rest, but is part of the prompt. */
function readUsage(usage: JsonObject): TokenUsage {
  return toUsage({
    inputTokens: sumOfCounts(
      usage.input_tokens,
      usage.cache_creation_input_tokens,
      usage.cache_read_input_tokens,
    ),
    cachedInputTokens: usage.cache_read_input_tokens,
    cacheWriteTokens: usage.cache_creation_input_tokens,
    cacheWriteHourTokens:
      asObject(usage.cache_creation).ephemeral_1h_input_tokens,
    outputTokens: usage.output_tokens,
    reasoningTokens: asObject(usage.output_tokens_details).thinking_tokens,
  });
}

function assembleStream(): StreamAssembly {
  const blocks = new Map<unknown, JsonObject>();
  let message: JsonObject = {};
  let usage: JsonObject = {};
  let error: JsonObject | undefined;
  let isComplete = false;

  function add(event: JsonObject): boolean {
    switch (event.type) {
      case "message_start":
        message = asObject(event.message);
        usage = asObject(message.usage);
        break;
      case "content_block_start":
        blocks.set(event.index, { ...asObject(event.content_block) });
        break;
      case "content_block_delta":
        addDelta(blocks.get(event.index), asObject(event.delta));
        break;
      case "message_delta":
        message = { ...message, ...asObject(event.delta) };
        usage = { ...usage, ...withoutNulls(asObject(event.usage)) };
        break;
      case "message_stop":
        isComplete = true;
        break;
      case "error":
        error = event;
        break;
    }
    return isComplete || error !== undefined;
  }

  return {
    add,
    body() {
      if (error) return { ...error, usage };
      if (!isComplete) return undefined;
      return { ...message, usage, content: [...blocks.values()].map(toBlock) };
    },
  };
}

function addDelta(block: JsonObject | undefined, delta: JsonObject): void {
  if (!block) return;
  if (delta.type === "text_delta") {
    block.text = `${asString(block.text) ?? ""}${asString(delta.text) ?? ""}`;
  } else if (delta.type === "input_json_delta") {
    block.json = `${asString(block.json) ?? ""}${
      asString(delta.partial_json) ?? ""
    }`;
  }
}

/** A tool's input arrives as pieces of JSON text. */
function toBlock({ json, ...block }: JsonObject): JsonObject {
  return json === undefined
    ? block
    : { ...block, input: readToolArguments(json) };
}

function withoutNulls(object: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(object).filter(([, value]) => value !== null),
  );
}
