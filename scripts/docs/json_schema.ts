/** What of JSON Schema the schemas of operations and evaluators use. */
export interface JsonSchema {
  type?: string | string[];
  description?: string;
  default?: unknown;
  const?: unknown;
  enum?: unknown[];
  anyOf?: JsonSchema[];
  oneOf?: JsonSchema[];
  items?: JsonSchema;
  properties?: Record<string, JsonSchema>;
  required?: string[];
  minimum?: number;
  exclusiveMinimum?: number;
  maximum?: number;
}

const TYPE_WORDS: Record<string, string> = {
  string: "text",
  integer: "whole number",
  boolean: "true or false",
  array: "list",
};

/** Which values a schema allows, in a few words; that null is one is not told. */
export function describeValue(schema: JsonSchema): string {
  const { const: constant, enum: choices, items, properties } = schema;
  if (constant !== undefined) return toCode(constant);
  if (choices) return choices.map(toCode).join(" or ");
  const alternatives = schema.anyOf ?? schema.oneOf;
  if (alternatives) {
    const words = alternatives.filter(({ type }) => type !== "null")
      .map(describeValue);
    return [...new Set(words)].join(" or ");
  }
  if (items) return `list of ${describeValue(items)}`;
  if (properties) {
    const fields = Object.entries(properties).map(([name, { const: only }]) =>
      only === undefined ? `\`${name}\`` : `\`${name}\`: ${toCode(only)}`
    );
    return `object with ${fields.join(", ")}`;
  }
  const types = [schema.type ?? "anything"].flat()
    .filter((type) => type !== "null").map((type) => TYPE_WORDS[type] ?? type);
  return types.join(" or ") + describeRange(schema);
}

export function toCode(value: unknown): string {
  return `\`${JSON.stringify(value)}\``;
}

function describeRange(
  { minimum, exclusiveMinimum, maximum }: JsonSchema,
): string {
  const atLeast = minimum === Number.MIN_SAFE_INTEGER ? undefined : minimum;
  const atMost = maximum === Number.MAX_SAFE_INTEGER ? undefined : maximum;
  if (exclusiveMinimum !== undefined) {
    const end = atMost === undefined ? "" : `, at most ${atMost}`;
    return ` above ${exclusiveMinimum}${end}`;
  }
  if (atLeast === undefined) return "";
  return atMost === undefined
    ? `, at least ${atLeast}`
    : `, from ${atLeast} to ${atMost}`;
}
