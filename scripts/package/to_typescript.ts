/** What of JSON Schema the schemas of operations use. */
export interface TypedSchema {
  type?: string | string[];
  description?: string;
  const?: unknown;
  enum?: unknown[];
  anyOf?: TypedSchema[];
  oneOf?: TypedSchema[];
  allOf?: TypedSchema[];
  items?: TypedSchema;
  properties?: Record<string, TypedSchema>;
  required?: string[];
  additionalProperties?: boolean | TypedSchema;
}

const WORDS: Record<string, string> = { integer: "number", array: "unknown[]" };

/**
 * The type of the values that a schema allows, as TypeScript; descriptions become comments. What it
 * cannot say, such as ranges, is left out.
 */
export function toTypeScript(schema: TypedSchema): string {
  const { anyOf, oneOf = anyOf, allOf, type } = schema;
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) {
    return join(schema.enum.map((value) => JSON.stringify(value)));
  }
  if (oneOf) return join(oneOf.map(toTypeScript));
  if (allOf) return allOf.map((part) => `(${toTypeScript(part)})`).join(" & ");
  if (Array.isArray(type)) {
    return join(type.map((one) => toTypeScript({ ...schema, type: one })));
  }
  if (schema.items) return `(${toTypeScript(schema.items)})[]`;
  if (type === "object") return toObject(schema);
  return type === undefined ? "unknown" : WORDS[type] ?? type;
}

function join(types: string[]): string {
  return [...new Set(types)].join(" | ") || "never";
}

function toObject(
  { properties = {}, required = [], additionalProperties }: TypedSchema,
): string {
  const members = Object.entries(properties).map(([name, schema]) => {
    const { description } = schema;
    const comment = description === undefined
      ? ""
      : `/** ${description.replaceAll("*/", "*\\/")} */\n`;
    const key = /^\w+$/.test(name) ? name : JSON.stringify(name);
    const mark = required.includes(name) ? "" : "?";
    return `${comment}${key}${mark}: ${toTypeScript(schema)};`;
  });
  const others = additionalProperties ?? members.length === 0;
  const type = `{ ${members.join("\n")} }`;
  if (others === false) return type;
  const values = others === true ? "unknown" : toTypeScript(others);
  return members.length === 0
    ? `Record<string, ${values}>`
    // An index signature would have to fit all members.
    : additionalProperties === undefined
    ? type
    : `${type} & Record<string, unknown>`;
}
