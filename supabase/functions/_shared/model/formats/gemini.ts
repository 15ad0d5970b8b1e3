import { answerReader } from "../answer_reader.ts";
import { asArray, asObject, asString, type JsonObject } from "../json_value.ts";
import type {
  Answer,
  ModelFormat,
  Said,
  StreamAssembly,
} from "../model_format.ts";
import { type RequestParts, toStopList } from "../model_request.ts";
import { toEndedAnswer } from "../finish_reasons.ts";
import { sumOfCounts, toUsage } from "../token_usage.ts";
import { requireModel, UnsendableRequest } from "../unsendable_request.ts";

/**
 * Google's Gemini API (`POST /v1beta/models/MODEL:generateContent`), also as
 * Vertex AI serves it. Fields as in js-genai's `types.ts` and
 * `converters/_models_converters.ts`, August 2026.
 */
export const gemini = {
  name: "gemini",
  path: /:(generateContent|streamGenerateContent)$/,
  host: /^generativelanguage\.googleapis\.com$/,
  headers: {},
  toUrl,
  toBody,
  recognises: (body) => {
    const root = asObject(Array.isArray(body) ? body[0] : body);
    return Array.isArray(root.candidates) || root.promptFeedback !== undefined;
  },
  readAnswer,
  assembleStream,
} as const satisfies ModelFormat;

/** The model is part of the URL, unless the endpoint's URL is whole already. */
function toUrl(url: URL, parts: RequestParts): string {
  const base = url.pathname.replace(/\/+$/, "");
  if (base.includes(":")) return url.href;
  const completed = new URL(url);
  if (/\/models\/[^/]+$/.test(base)) {
    completed.pathname = `${base}:generateContent`;
  } else {
    const model = checkModel(requireModel("gemini", parts));
    const version = base === "" ? "/v1beta" : base.replace(/\/models$/, "");
    completed.pathname = `${version}/models/${model}:generateContent`;
  }
  return completed.href;
}

/** The name becomes part of the path and must not lead elsewhere. */
export function checkModel(model: string): string {
  const name = model.replace(/^models\//, "");
  if (/^[\w@.-]+$/.test(name) && !/^\.+$/.test(name)) return name;
  throw new UnsendableRequest(
    "model_invalid",
    `Cannot call the Gemini API with the model "${model}": ` +
      "write a name such as gemini-2.5-flash, or the whole URL",
  );
}

function toBody(parts: RequestParts): JsonObject {
  const { neutral, verbatim } = parts;
  return {
    ...verbatim,
    systemInstruction: parts.system === undefined
      ? verbatim.systemInstruction
      : { parts: [{ text: parts.system }] },
    contents: parts.turns.map(({ role, content }) => ({
      role: role === "assistant" ? "model" : "user",
      parts: [{ text: content }],
    })),
    generationConfig: {
      ...asObject(verbatim.generationConfig),
      temperature: neutral.temperature,
      topP: neutral.topP,
      topK: neutral.topK,
      maxOutputTokens: neutral.maxTokens,
      stopSequences: toStopList(neutral.stop),
      seed: neutral.seed,
      presencePenalty: neutral.presencePenalty,
      frequencyPenalty: neutral.frequencyPenalty,
      ...(neutral.responseSchema !== undefined && {
        responseMimeType: "application/json",
        responseJsonSchema: neutral.responseSchema,
      }),
    },
  };
}

const readOne = answerReader(
  (root) => readUsage(asObject(root.usageMetadata)),
  read,
  "modelVersion",
);

function readAnswer(body: unknown): Answer {
  return Array.isArray(body) ? readList(body) : readOne(body);
}

function read(root: JsonObject): Said | undefined {
  const blockReason = asString(asObject(root.promptFeedback).blockReason);
  if (blockReason) {
    const reason = `promptFeedback.blockReason ${blockReason}`;
    return { kind: "declined", code: "content_filter", reason };
  }
  if (!Array.isArray(root.candidates)) return undefined;
  const candidate = asObject(root.candidates[0]);
  const parts = asArray(asObject(candidate.content).parts).map(asObject);
  const text = parts.filter((part) => part.thought !== true)
    .map((part) => asString(part.text) ?? "").join("");
  const calls = parts.map((part) => asObject(part.functionCall))
    .filter((call) => call.name !== undefined)
    .map((call) => ({ name: String(call.name), arguments: call.args }));
  return toEndedAnswer({
    text,
    calls,
    ends: { finishReason: candidate.finishReason },
  });
}

/** `streamGenerateContent` without `alt=sse` sends its events in one array. */
function readList(events: unknown[]): Answer {
  const assembly = assembleStream();
  for (const event of events) assembly.add(asObject(event));
  const body = assembly.body();
  return body === undefined
    ? { kind: "unrecognised", usage: {} }
    : readAnswer(body);
}

function readUsage(usage: JsonObject): Answer["usage"] {
  return toUsage({
    // What its own tools have read is counted apart but billed as input, as thoughts are as output.
    inputTokens: sumOfCounts(
      usage.promptTokenCount,
      usage.toolUsePromptTokenCount,
    ),
    cachedInputTokens: usage.cachedContentTokenCount,
    outputTokens: sumOfCounts(
      usage.candidatesTokenCount,
      usage.thoughtsTokenCount,
    ),
    reasoningTokens: usage.thoughtsTokenCount,
  });
}

function assembleStream(): StreamAssembly {
  const about: JsonObject = {};
  const parts: unknown[] = [];
  let finishReason: unknown;
  let isBlocked = false;
  let error: unknown;

  return {
    add(event) {
      for (const key of ["modelVersion", "usageMetadata", "promptFeedback"]) {
        if (event[key] !== undefined) about[key] = event[key];
      }
      const candidate = asObject(asArray(event.candidates)[0]);
      parts.push(...asArray(asObject(candidate.content).parts));
      finishReason = candidate.finishReason ?? finishReason;
      isBlocked ||= asObject(event.promptFeedback).blockReason !== undefined;
      error ??= event.error;
      return error !== undefined;
    },
    body() {
      if (error !== undefined) return { ...about, error };
      if (finishReason === undefined && !isBlocked) return undefined;
      const candidates = [{ content: { parts }, finishReason }];
      return isBlocked ? about : { ...about, candidates };
    },
  };
}
