import { Validator } from "@cfworker/json-schema";
import { deepEqual, equal, match } from "node:assert/strict";
import { boundSchema, draftOf, problemsOfSchema } from "./bound_schema.ts";

function isValid(schema: Record<string, unknown>, value: unknown): boolean {
  return new Validator(boundSchema(schema), draftOf(schema)).validate(value)
    .valid;
}

Deno.test("boundSchema() keeps what a pattern means", () => {
  const schema = { pattern: "b+$" };
  equal(isValid(schema, "abb"), true);
  equal(isValid(schema, "abc"), false);
  equal(isValid(schema, 3), true);
});

Deno.test("boundSchema() keeps a format that stands beside a pattern", () => {
  const schema = { pattern: "^2026", format: "date" };
  equal(isValid(schema, "2026-01-31"), true);
  equal(isValid(schema, "2025-01-31"), false);
  equal(isValid(schema, "2026-01-32"), false);
});

Deno.test("boundSchema() takes a property named pattern for a property", () => {
  const schema = { properties: { pattern: { pattern: "^a" } } };
  equal(isValid(schema, { pattern: "ab" }), true);
  equal(isValid(schema, { pattern: "b" }), false);
});

Deno.test("boundSchema() takes names below a keyword for names, not for keywords", () => {
  for (
    const keyword of ["properties", "$defs", "dependentSchemas", "dependencies"]
  ) {
    const bound = boundSchema({ [keyword]: { enum: { pattern: "^a" } } });
    deepEqual(bound, { [keyword]: { enum: { format: "re2:^a" } } });
  }
});

Deno.test("boundSchema() leaves values to compare with alone", () => {
  const schema = { const: { pattern: "^a" }, enum: [{ pattern: "^a" }] };
  equal(isValid(schema, { pattern: "^a" }), true);
});

Deno.test("boundSchema() reaches patterns in lists and definitions, and changes nothing", () => {
  const schema = {
    anyOf: [{ $ref: "#/$defs/name" }, {
      type: "array",
      items: { pattern: "^b" },
    }],
    $defs: { name: { type: "string", pattern: "^a" } },
  };
  const before = structuredClone(schema);
  equal(isValid(schema, "ab"), true);
  equal(isValid(schema, "b"), false);
  equal(isValid(schema, ["a"]), false);
  deepEqual(schema, before);
});

Deno.test("draftOf() reads the draft from $schema, 2020-12 when there is none", () => {
  equal(draftOf({}), "2020-12");
  equal(
    draftOf({ $schema: "http://json-schema.org/draft-04/schema#" }),
    "4",
  );
  equal(
    draftOf({ $schema: "https://json-schema.org/draft/2019-09/schema" }),
    "2019-09",
  );
});

Deno.test("problemsOfSchema() finds nothing wrong in a good schema", () => {
  deepEqual(
    problemsOfSchema({
      type: ["object", "null"],
      properties: { type: { type: "string" }, next: { $ref: "#" } },
    }),
    [],
  );
});

Deno.test("problemsOfSchema() names keywords whose work has no bound", () => {
  const problems = problemsOfSchema({
    patternProperties: { "^(a+)+$": {} },
    properties: { a: { format: "url" }, b: { pattern: "(?=x)" } },
  });
  equal(problems.length, 3);
  match(problems[0], /^cannot have patternProperties/);
  match(problems[1], /"url": write "uri"$/);
  match(problems[2], /^Cannot use the pattern/);
});

Deno.test("problemsOfSchema() names a $ref outside the schema", () => {
  match(
    problemsOfSchema({ $ref: "https://example.com/person.json" })[0],
    /leads nowhere: https:\/\/example\.com\/person\.json/,
  );
});
