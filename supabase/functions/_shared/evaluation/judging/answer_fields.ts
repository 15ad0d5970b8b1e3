import * as z from "zod";
import type { TypedAnswer, TypedForm } from "./typed_question.ts";

/** The form of an answer, for APIs that keep to a schema and for those of typed questions. */
export interface AnswerForm<Answer> {
  responseSchema: unknown;
  typed: TypedForm;
  /** The answer that a typed one stands for. */
  toAnswer(value: TypedAnswer["value"]): Answer;
}

/** Why a judge says what it says; one that gives a list of reasons, or none, is understood. */
export const reason = z.preprocess(
  (value) => Array.isArray(value) ? value.map(String).join(" ") : value ?? "",
  z.string(),
).default("");

type FieldOfAnswer<Field extends string, Value> =
  & { reason: string }
  & Record<Field, Value>;

/** Asks for one of these words, in a field of this name. */
export function choiceOf<Field extends string, Choice extends string>(
  field: Field,
  choices: readonly Choice[],
): AnswerForm<FieldOfAnswer<Field, Choice>> {
  return {
    responseSchema: toResponseSchema({
      [field]: { type: "string", enum: choices },
    }),
    typed: { type: "choice", choices },
    toAnswer: (value) =>
      ({ reason: "", [field]: value }) as FieldOfAnswer<Field, Choice>,
  };
}

/** Asks for a number on a scale, in a field of this name. */
export function numberOn<Field extends string>(
  field: Field,
  { min, max }: { min: number; max: number },
): AnswerForm<FieldOfAnswer<Field, number>> {
  return {
    responseSchema: toResponseSchema({ [field]: { type: "number" } }),
    typed: { type: "score", min, max },
    toAnswer: (value) =>
      ({ reason: "", [field]: value }) as FieldOfAnswer<Field, number>,
  };
}

/**
 * The schema by which an API is asked for an answer. Of JSON Schema only what all of them take: OpenAI
 * wants every field required and no other, Anthropic refuses bounds of numbers
 * (https://platform.claude.com/docs/en/build-with-claude/structured-outputs).
 */
function toResponseSchema(fields: Record<string, unknown>) {
  return toObjectSchema({ reason: { type: "string" }, ...fields });
}

/** An object with these fields, all of them. */
export function toObjectSchema(properties: Record<string, unknown>) {
  return {
    type: "object",
    properties,
    required: Object.keys(properties),
    additionalProperties: false,
  };
}
