import type { OutputUnit } from "@cfworker/json-schema";
import * as z from "zod";
import { responseFields } from "../config_fields.ts";
import { defineEvaluator } from "../evaluator_definition.ts";
import { jsonFields, parseResponse } from "../response_json.ts";
import { clip } from "../text/clip.ts";
import {
  CHECKED_FORMATS,
  problemsOfSchema,
  REPEATED_ITEMS,
  UNCHECKED_FORMATS,
} from "../json_schema/bound_schema.ts";
import { compileSchema } from "../json_schema/compile_schema.ts";

const MOST_CHARACTERS = 100_000;

/** JSON that satisfies a schema. */
export const jsonSchema = defineEvaluator({
  schema: z.strictObject({
    type: z.literal("json-schema"),
    schema: z.union([z.boolean(), z.record(z.string(), z.json())])
      .superRefine((schema, context) => {
        if (typeof schema === "boolean") return;
        for (const message of problemsOfSchema(schema)) {
          context.addIssue({ code: "custom", message });
        }
      }).describe(
        "JSON Schema: 2020-12, or the draft (2019-09, 7 or 4) that $schema names. Keywords and their values " +
          `are checked when the run is inserted. Formats that are checked: ${
            CHECKED_FORMATS.join(", ")
          }; not checked: ${
            UNCHECKED_FORMATS.join(", ")
          }; others are refused. ` +
          "pattern has the syntax of RE2; $ref stays within the schema; patternProperties and $dynamicRef are refused",
      ),
    ...jsonFields,
    ...responseFields,
  }),
  example: {
    type: "json-schema",
    schema: {
      type: "object",
      properties: { city: { type: "string" } },
      required: ["city"],
    },
  },
  summary:
    "Is the response JSON that satisfies a JSON Schema? At most 100,000 characters of it. " +
    "With where anywhere one of the objects and lists in it has to.",
  score: "1 when it does, else 0",
  passed: "when it does",
  create: ({ schema, ...place }) => {
    const compiled = compileSchema(schema);
    return ({ response }) => {
      if (response.length > MOST_CHARACTERS) {
        return {
          error:
            `Cannot score: the response has ${response.length} characters, more than ${MOST_CHARACTERS}`,
        };
      }
      const parsed = parseResponse(response, place);
      if ("problem" in parsed) {
        return { score: 0, passed: false, explanation: parsed.problem };
      }
      compiled.begin();
      // The last one is what a model that thinks aloud comes to.
      let errors: OutputUnit[] = [];
      for (const value of parsed.values.reverse()) {
        const result = compiled.validate(value);
        if (result.valid) return { score: 1, passed: true };
        if (errors.length === 0) errors = result.errors;
      }
      return { score: 0, passed: false, explanation: describeErrors(errors) };
    };
  },
});

/** The library also reports each object around a problem; the innermost places say what is wrong. */
const CONTAINERS = new Set([
  "properties",
  "items",
  "prefixItems",
  "additionalProperties",
  "additionalItems",
  "$ref",
  "allOf",
  "dependentSchemas",
  "unevaluatedProperties",
  "unevaluatedItems",
]);

function describeErrors(
  errors: { instanceLocation: string; keyword: string; error: string }[],
): string {
  const innermost = errors.filter(({ keyword }) => !CONTAINERS.has(keyword));
  const shown = innermost.length > 0 ? innermost : errors;
  const lines = shown.slice(0, 5).map(({ instanceLocation, error }) =>
    `${instanceLocation}: ${clip(inPlainWords(error), 300)}`
  );
  const more = shown.length > 5 ? [`and ${shown.length - 5} more`] : [];
  return [...lines, ...more].join("\n");
}

/** The library's words, but for patterns, which run as formats, and for what is forbidden. */
function inPlainWords(error: string): string {
  return error.replace('format "re2:', 'pattern "')
    .replace(REPEATED_ITEMS, "Has an item twice.")
    .replace("False boolean schema.", "Not allowed here.");
}
