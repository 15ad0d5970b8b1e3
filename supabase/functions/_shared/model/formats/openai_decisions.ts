import { answerReader } from "../answer_reader.ts";
import { completeBaseUrl } from "../base_url.ts";
import { asArray, asObject, asString, type JsonObject } from "../json_value.ts";
import type { ModelFormat, Said } from "../model_format.ts";
import type { RequestParts } from "../model_request.ts";
import { requireModel, UnsendableRequest } from "../unsendable_request.ts";
import { readResponsesUsage } from "./openai_responses.ts";
import { assembleNothing } from "./streamed_events.ts";

/**
 * OpenAI's Decisions API (`POST /v1/decisions`): typed questions about one input, answered with
 * probabilities and without words. The questions are the parameter `questions`, the text of the answer
 * is its JSON. Fields as in openai-python's `types/decision_create_params.py` and `types/decision.py`,
 * October 2026; Fireworks (docs.fireworks.ai/api-reference/post-decisions) and SGLang take the same.
 */
export const openaiDecisions = {
  name: "openai-decisions",
  path: /\/decisions\/?$/,
  headers: {},
  toUrl: (url) => completeBaseUrl(url, "/v1", "/decisions").href,
  toBody,
  recognises: (body) =>
    Array.isArray(asObject(body).answers) &&
    asString(asObject(asArray(asObject(body).answers)[0]).type) !== undefined,
  readAnswer: answerReader(readResponsesUsage, read),
  assembleStream: assembleNothing,
} as const satisfies ModelFormat;

function toBody(parts: RequestParts): JsonObject {
  if (!Array.isArray(parts.verbatim.questions)) {
    throw new UnsendableRequest(
      "questions_missing",
      "Cannot call the openai-decisions API without questions: name the endpoint as the judge of an " +
        "evaluator, or give the parameter questions",
    );
  }
  return {
    ...parts.verbatim,
    model: requireModel("openai-decisions", parts),
    input: parts.prompt,
  };
}

function read({ answers }: JsonObject): Said | undefined {
  if (!Array.isArray(answers)) return undefined;
  return {
    kind: "text",
    text: JSON.stringify({ answers }),
    finishReason: "stop",
  };
}
