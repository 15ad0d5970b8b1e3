import { packVectors } from "../embedding_vector.ts";
import { asArray, asCount, asObject, type JsonObject } from "../json_value.ts";
import type { Answer, ModelFormat } from "../model_format.ts";
import type { RequestParts } from "../model_request.ts";
import { readProviderError } from "../provider_error.ts";
import { toUsage } from "../token_usage.ts";
import { requireModel } from "../unsendable_request.ts";
import { checkModel } from "./gemini.ts";
import { assembleNothing } from "./streamed_events.ts";

/**
 * Gemini's embeddings (`POST /v1beta/models/MODEL:batchEmbedContents`,
 * https://ai.google.dev/api/embeddings): the texts are the turns of a request, the text of the answer
 * is a JSON list of `packVector()`. Parameters such as `outputDimensionality` go with each text.
 */
export const geminiEmbeddings = {
  name: "gemini-embeddings",
  path: /:(embedContent|batchEmbedContents)$/,
  headers: {},
  toUrl(url, parts) {
    const completed = new URL(url);
    completed.pathname = `${baseOf(url)}/models/${
      modelOf(url, parts)
    }:batchEmbedContents`;
    return completed.href;
  },
  toBody,
  recognises: (body) => Array.isArray(asObject(body).embeddings),
  readAnswer,
  assembleStream: assembleNothing,
} as const satisfies ModelFormat;

/** What stands before the model, which an endpoint's URL may name or not. */
function baseOf({ pathname }: URL): string {
  return pathname.replace(/\/+$/, "").replace(/\/models(\/[^/]*)?$/, "") ||
    "/v1beta";
}

function modelOf({ pathname }: URL, parts: RequestParts): string {
  const named = /\/models\/([^/:]+)/.exec(pathname)?.[1];
  return checkModel(
    parts.model ?? named ?? requireModel("gemini", parts),
  );
}

function toBody(parts: RequestParts, url: URL): JsonObject {
  const model = `models/${modelOf(url, parts)}`;
  return {
    requests: parts.turns.map(({ content }) => ({
      ...parts.verbatim,
      model,
      content: { parts: [{ text: content }] },
    })),
  };
}

function readAnswer(body: unknown): Answer {
  const root = asObject(body);
  // Only some models count: the field is newer than the API.
  const inputTokens = asCount(asObject(root.usageMetadata).promptTokenCount);
  const usage = toUsage({ inputTokens, outputTokens: inputTokens && 0 });
  const error = readProviderError(root);
  if (error) return { usage, kind: "error", error };
  const text = packVectors(
    asArray(root.embeddings).map((embedding) => asObject(embedding).values),
  );
  return text === undefined
    ? { usage, kind: "unrecognised" }
    : { usage, kind: "text", text, finishReason: "stop" };
}
