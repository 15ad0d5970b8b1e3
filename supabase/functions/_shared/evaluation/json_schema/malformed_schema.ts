import { isJsonObject } from "../../model/json_value.ts";
import {
  type KeywordKind,
  REFUSED_KEYWORDS,
  SCHEMA_KEYWORDS,
} from "./schema_keywords.ts";

const TYPES = new Set([
  "array",
  "boolean",
  "integer",
  "null",
  "number",
  "object",
  "string",
]);

/**
 * What in a schema is no JSON Schema, one sentence for each place: words that are no keywords, values
 * that a keyword cannot have. `pipeline.json_schema_problems()` is its twin, which refuses a run
 * when it is inserted.
 */
export function malformedPlaces(schema: unknown): string[] {
  if (typeof schema === "boolean") return [];
  if (!isJsonObject(schema)) {
    return [`has ${JSON.stringify(schema)} where a schema belongs`];
  }
  return Object.entries(schema).flatMap(([keyword, value]) =>
    problemsOfKeyword(keyword, value)
  );
}

function problemsOfKeyword(keyword: string, value: unknown): string[] {
  if (keyword.startsWith("x-")) return [];
  const instead = Object.hasOwn(REFUSED_KEYWORDS, keyword)
    ? REFUSED_KEYWORDS[keyword]
    : undefined;
  if (instead !== undefined) return [`cannot have ${keyword}: ${instead}`];
  if (!Object.hasOwn(SCHEMA_KEYWORDS, keyword)) {
    return [
      `has the unknown keyword "${keyword}"; words of your own begin with x-`,
    ];
  }
  const kind = SCHEMA_KEYWORDS[keyword];
  const inner = innerSchemas(kind, value);
  if (inner) return inner.flatMap(malformedPlaces);
  if (keyword === "type") {
    const types = Array.isArray(value) ? value : [value];
    return types.filter((type) => !TYPES.has(type as string))
      .map((type) => `has the unknown type ${JSON.stringify(type)}`);
  }
  return isOfKind(kind, value) ? [] : [
    `has ${JSON.stringify(value)} as ${keyword}, which takes ${kind}`,
  ];
}

/** The schemas that a keyword holds; undefined where it holds none. */
function innerSchemas(
  kind: KeywordKind,
  value: unknown,
): unknown[] | undefined {
  if (kind === "schema") return [value];
  if (kind === "schema or schemas") return [value].flat();
  if (kind === "schemas" && Array.isArray(value)) return value;
  if (!isJsonObject(value)) return undefined;
  if (kind === "map of schemas") return Object.values(value);
  if (kind === "map of schemas or texts") {
    return Object.values(value).filter((part) => !isOfKind("texts", part));
  }
}

function isOfKind(kind: KeywordKind, value: unknown): boolean {
  switch (kind) {
    case "anything":
      return true;
    case "count":
      return Number.isInteger(value) && Number(value) >= 0;
    case "list":
      return Array.isArray(value);
    case "texts":
      return Array.isArray(value) &&
        value.every((part) => typeof part === "string");
    case "number or boolean":
      return typeof value === "boolean" || typeof value === "number";
    case "text":
      return typeof value === "string";
    case "number":
      return typeof value === "number";
    case "boolean":
      return typeof value === "boolean";
    default:
      return false;
  }
}
