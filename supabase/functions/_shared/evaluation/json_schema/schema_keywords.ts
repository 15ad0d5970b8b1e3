/** What the value of a keyword has to be. */
export type KeywordKind =
  | "schema"
  | "schemas"
  | "schema or schemas"
  | "map of schemas"
  | "map of schemas or texts"
  | "number"
  | "number or boolean"
  | "count"
  | "text"
  | "texts"
  | "boolean"
  | "list"
  | "type"
  | "anything";

/**
 * Every keyword of JSON Schema from draft 4 to 2020-12 (https://json-schema.org/specification), the
 * annotations among them. A word that is none of them is a misspelt one more often than not, which is
 * why strict validators refuse it (https://ajv.js.org/strict-mode.html); `x-…` is free for all.
 */
export const SCHEMA_KEYWORDS: Readonly<Record<string, KeywordKind>> = {
  $schema: "text",
  $id: "text",
  id: "text",
  $anchor: "text",
  $ref: "text",
  $recursiveRef: "text",
  $recursiveAnchor: "boolean",
  $comment: "text",
  $vocabulary: "anything",
  $defs: "map of schemas",
  definitions: "map of schemas",
  type: "type",
  enum: "list",
  const: "anything",
  allOf: "schemas",
  anyOf: "schemas",
  oneOf: "schemas",
  not: "schema",
  if: "schema",
  then: "schema",
  else: "schema",
  properties: "map of schemas",
  additionalProperties: "schema",
  unevaluatedProperties: "schema",
  propertyNames: "schema",
  dependentSchemas: "map of schemas",
  dependentRequired: "anything",
  dependencies: "map of schemas or texts",
  required: "texts",
  minProperties: "count",
  maxProperties: "count",
  items: "schema or schemas",
  prefixItems: "schemas",
  additionalItems: "schema",
  unevaluatedItems: "schema",
  contains: "schema",
  minContains: "count",
  maxContains: "count",
  minItems: "count",
  maxItems: "count",
  uniqueItems: "boolean",
  minLength: "count",
  maxLength: "count",
  pattern: "text",
  format: "text",
  minimum: "number",
  maximum: "number",
  exclusiveMinimum: "number or boolean",
  exclusiveMaximum: "number or boolean",
  multipleOf: "number",
  title: "text",
  description: "text",
  default: "anything",
  example: "anything",
  examples: "anything",
  deprecated: "boolean",
  readOnly: "boolean",
  writeOnly: "boolean",
  contentEncoding: "text",
  contentMediaType: "text",
  contentSchema: "schema",
};

/** Keywords that are refused although they are known, and what to write instead. */
export const REFUSED_KEYWORDS: Readonly<Record<string, string>> = {
  patternProperties: "name the properties, or use propertyNames with a pattern",
  $dynamicRef: "write $ref",
  $dynamicAnchor: "write $anchor",
  nullable: 'write {"type": ["string", "null"]}',
};
