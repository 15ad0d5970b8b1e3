import { asObject, asString, type JsonObject } from "./json_value.ts";
import type { Answer, Said } from "./model_format.ts";
import { readProviderError } from "./provider_error.ts";
import type { TokenUsage } from "./token_usage.ts";

/**
 * Reads the body of an answer: its model, its usage, and what it says unless it reports an error.
 *
 * @param read undefined: the body is not an answer in this format
 */
export function answerReader(
  usageOf: (root: JsonObject) => TokenUsage,
  read: (root: JsonObject) => Said | undefined,
  modelField = "model",
): (body: unknown) => Answer {
  return (body) => {
    const root = asObject(body);
    const error = readProviderError(root);
    return {
      model: asString(root[modelField]),
      usage: usageOf(root),
      ...error
        ? { kind: "error", error }
        : read(root) ?? { kind: "unrecognised" },
    };
  };
}
