import { dereference, format, type SchemaDraft } from "@cfworker/json-schema";
import { isJsonObject, type JsonObject } from "../../model/json_value.ts";
import { malformedPlaces } from "./malformed_schema.ts";
import {
  checkSearch,
  compilePattern,
  problemOfPattern,
} from "../text/pattern.ts";

const MOST_CHARACTERS = 100_000;

/** Formats that are checked, by the library's own table. */
export const CHECKED_FORMATS: readonly string[] = Object.keys(format)
  .filter((name) => name !== "url");
/** Formats of the specification that any text satisfies here. */
export const UNCHECKED_FORMATS = [
  "idn-email",
  "idn-hostname",
  "iri",
  "iri-reference",
];
const FORMATS = new Set([...CHECKED_FORMATS, ...UNCHECKED_FORMATS]);

/** Keywords that hold values to compare with, not schemas. */
const VALUES = new Set(["const", "enum", "default", "example", "examples"]);
/** Keywords that hold schemas under names of the user's choice. */
const MAPS = new Set([
  "properties",
  "$defs",
  "definitions",
  "dependencies",
  "dependentSchemas",
]);

const DRAFTS: [pattern: RegExp, draft: SchemaDraft][] = [
  [/draft-04/, "4"],
  [/draft-07|draft-06/, "7"],
  [/2019-09/, "2019-09"],
];

/** The draft that `$schema` names; 2020-12 for any other. */
export function draftOf(schema: JsonObject): SchemaDraft {
  const named = String(schema.$schema ?? "");
  return DRAFTS.find(([pattern]) => pattern.test(named))?.[1] ?? "2020-12";
}

/**
 * The schema with every `pattern` replaced by a format that runs it with RE2, and every `uniqueItems`
 * by the list of those that have an item twice; the schema itself is not changed.
 *
 * The library runs patterns as JavaScript's, which backtrack: `(a+)+$` and forty letters of a
 * model's answer would hang the worker. It asks its table of formats for any name, and that is
 * the place where a bounded test fits in. For uniqueItems it compares all items with all.
 *
 * @param repeated the lists of the value to be validated that have an item twice
 */
export function boundSchema(
  schema: JsonObject,
  repeated: readonly unknown[] = [],
): JsonObject {
  return mapSchema(schema, ({ uniqueItems, ...others }) => {
    const place = uniqueItems === true
      ? { ...others, allOf: [...asList(others.allOf), isNoneOf(repeated)] }
      : others;
    const { pattern, ...rest } = place;
    if (typeof pattern !== "string") return place;
    const name = `re2:${pattern}`;
    const compiled = compilePattern(pattern);
    format[name] = (text) => {
      checkSearch(compiled, text);
      return compiled.test(text);
    };
    return rest.format === undefined
      ? { ...rest, format: name }
      : { ...rest, allOf: [...asList(rest.allOf), { format: name }] };
  });
}

/** What the library says of a list that has an item twice. */
export const REPEATED_ITEMS =
  'Instance does not match any of "lists without repetition".';

/** The library asks a list of values whether one of them is the instance, and quotes it if not. */
function isNoneOf(repeated: readonly unknown[]): JsonObject {
  return {
    enum: {
      some: (isInstance: (value: unknown) => boolean) =>
        !repeated.some(isInstance),
      toJSON: () => "lists without repetition",
    },
  };
}

/** Everything that keeps a schema from being used, one sentence each. */
export function problemsOfSchema(schema: JsonObject): string[] {
  const problems: string[] = [];
  if (JSON.stringify(schema).length > MOST_CHARACTERS) {
    return [`has more than ${MOST_CHARACTERS} characters`];
  }
  problems.push(...malformedPlaces(schema));
  mapSchema(schema, (place) => {
    if (typeof place.pattern === "string") {
      const problem = problemOfPattern(place.pattern);
      if (problem) problems.push(problem);
    }
    if (typeof place.format === "string" && !FORMATS.has(place.format)) {
      problems.push(
        `has the unknown format "${place.format}": there are ${
          [...FORMATS].join(", ")
        }`,
      );
    }
    return place;
  });
  return [...problems, ...problemsOfReferences(schema)];
}

function problemsOfReferences(schema: JsonObject): string[] {
  const copy = structuredClone(schema);
  try {
    const places = dereference(copy);
    return Object.values(places).flatMap((place) =>
      isJsonObject(place) && typeof place.__absolute_ref__ === "string" &&
        places[place.__absolute_ref__] === undefined
        ? [
          `has a $ref that leads nowhere: ${place.$ref}; put its target into $defs`,
        ]
        : []
    );
  } catch (error) {
    return [`is not a schema: ${(error as Error).message}`];
  }
}

/** Copies a schema, outermost place first, with each place as `change` gives it. */
function mapSchema(
  schema: JsonObject,
  change: (place: JsonObject) => JsonObject,
): JsonObject {
  return Object.fromEntries(
    Object.entries(change(schema)).map(([key, value]) => [
      key,
      VALUES.has(key) ? value : mapValue(value, change, MAPS.has(key)),
    ]),
  );
}

function mapValue(
  value: unknown,
  change: (place: JsonObject) => JsonObject,
  isMap: boolean,
): unknown {
  if (Array.isArray(value)) {
    return value.map((element) => mapValue(element, change, false));
  }
  if (!isJsonObject(value)) return value;
  if (!isMap) return mapSchema(value, change);
  return Object.fromEntries(
    Object.entries(value).map(([name, schema]) => [
      name,
      mapValue(schema, change, false),
    ]),
  );
}

function asList(value: unknown): unknown[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value : [value];
}
