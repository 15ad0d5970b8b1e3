import { EVALUATORS } from "../evaluation/evaluators.ts";
import { toJsonSchema } from "../operations/openapi.ts";
import { type OperationName, OPERATIONS } from "../operations/operations.ts";

interface ObjectSchema {
  type: "object";
  properties: Record<string, unknown>;
  [member: string]: unknown;
}

/**
 * What an operation takes, as a tool says it. Evaluators are told by their type alone: a model reads
 * the schemas of all tools before its first word, and those of all evaluators are half of them, three
 * times. Whoever wants one reads it at the address.
 *
 * @param address where describeEvaluators() is read
 */
export function toToolInput(
  name: OperationName,
  address: string,
): ObjectSchema {
  const schema = toJsonSchema(OPERATIONS[name].input) as ObjectSchema;
  if (!("evaluators" in schema.properties)) return schema;
  const evaluators = {
    type: "array",
    description: `What each type takes is told at ${address}`,
    items: {
      type: "object",
      properties: { type: { enum: EVALUATORS.map(toType) } },
      required: ["type"],
    },
  };
  return { ...schema, properties: { ...schema.properties, evaluators } };
}

/** The JSON Schema of each evaluator by its type. */
export function describeEvaluators(): Record<string, unknown> {
  return Object.fromEntries(
    EVALUATORS.map((evaluator) => [
      toType(evaluator),
      toJsonSchema(evaluator.schema),
    ]),
  );
}

function toType({ schema }: typeof EVALUATORS[number]): string {
  return schema.shape.type.value;
}
