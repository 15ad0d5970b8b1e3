import { answerReader } from "../answer_reader.ts";
import { packVectors } from "../embedding_vector.ts";
import { asArray, asCount, asObject, type JsonObject } from "../json_value.ts";
import type { ModelFormat, Said } from "../model_format.ts";
import { type TokenUsage, toUsage } from "../token_usage.ts";
import { requireModel } from "../unsendable_request.ts";
import { assembleNothing } from "./streamed_events.ts";

/** What the URL of another method of the same server ends with. */
const OTHER_METHODS =
  /\/(?:chat\/completions|responses|decisions|api(?:\/chat)?)\/*$/;

/**
 * OpenAI's Embeddings API (`POST /v1/embeddings`) and the many servers that speak it: the texts are the
 * turns of a request, the text of the answer is a JSON list of `packVector()`. Fields as in
 * openai-python's `resources/embeddings.py`, which asks for base64 where nothing else is asked for:
 * LM Studio gives numbers nevertheless (lmstudio-ai/lmstudio-bug-tracker#756), others refuse a
 * request without the field (lfnovo/open-notebook#610).
 */
export const openaiEmbeddings = {
  name: "openai-embeddings",
  path: /\/embeddings\/?$/,
  headers: {},
  toUrl,
  toBody: (parts): JsonObject => ({
    encoding_format: "base64",
    ...parts.verbatim,
    model: requireModel("embeddings", parts),
    input: parts.turns.map(({ content }) => content),
  }),
  recognises: (body) => Array.isArray(asObject(body).data),
  readAnswer: answerReader(readUsage, read),
  assembleStream: assembleNothing,
} as const satisfies ModelFormat;

function toUrl(url: URL): string {
  const path = url.pathname.replace(/\/+$/, "");
  if (openaiEmbeddings.path.test(path)) return url.href;
  const base = path.replace(OTHER_METHODS, "");
  const completed = new URL(url);
  completed.pathname = `${base === "" ? "/v1" : base}/embeddings`;
  return completed.href;
}

function readUsage({ usage }: JsonObject): TokenUsage {
  const inputTokens = asCount(asObject(usage).prompt_tokens);
  return toUsage({ inputTokens, outputTokens: inputTokens && 0 });
}

function read(root: JsonObject): Said | undefined {
  const vectors = asArray(root.data).map(asObject)
    .toSorted((a, b) => Number(a.index ?? 0) - Number(b.index ?? 0))
    .map(({ embedding }) => embedding);
  const text = packVectors(vectors);
  return text === undefined
    ? undefined
    : { kind: "text", text, finishReason: "stop" };
}
