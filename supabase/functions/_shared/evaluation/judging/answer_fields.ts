import * as z from "zod";

/** Why a judge says what it says; one that gives a list of reasons, or none, is understood. */
export const reason = z.preprocess(
  (value) => Array.isArray(value) ? value.map(String).join(" ") : value ?? "",
  z.string(),
).default("");

/** A number, also as text. */
export function numberFrom(min: number, max: number) {
  return z.preprocess(
    (value) =>
      typeof value === "string" && /^\s*-?\d+(\.\d+)?\s*$/.test(value)
        ? Number(value)
        : value,
    z.number().min(min).max(max),
  );
}

/**
 * The schema by which an API is asked for an answer. Of JSON Schema only what all of them take: OpenAI
 * wants every field required and no other, Anthropic refuses bounds of numbers
 * (https://platform.claude.com/docs/en/build-with-claude/structured-outputs).
 */
export function toResponseSchema(
  fields: Record<string, { type: string; enum?: readonly string[] }>,
) {
  return {
    type: "object",
    properties: { reason: { type: "string" }, ...fields },
    required: ["reason", ...Object.keys(fields)],
    additionalProperties: false,
  };
}
