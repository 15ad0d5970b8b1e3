import { Validator } from "@cfworker/json-schema";
import { assertEquals, assertMatch } from "@std/assert";
import { boundSchema, draftOf, problemsOfSchema } from "./bound_schema.ts";

function isValid(schema: Record<string, unknown>, value: unknown): boolean {
  return new Validator(boundSchema(schema), draftOf(schema)).validate(value)
    .valid;
}

Deno.test("boundSchema() keeps what a pattern means", () => {
  const schema = { pattern: "b+$" };
  assertEquals(isValid(schema, "abb"), true);
  assertEquals(isValid(schema, "abc"), false);
  assertEquals(isValid(schema, 3), true);
});

Deno.test("boundSchema() keeps a format that stands beside a pattern", () => {
  const schema = { pattern: "^2026", format: "date" };
  assertEquals(isValid(schema, "2026-01-31"), true);
  assertEquals(isValid(schema, "2025-01-31"), false);
  assertEquals(isValid(schema, "2026-01-32"), false);
});

Deno.test("boundSchema() takes a property named pattern for a property", () => {
  const schema = { properties: { pattern: { pattern: "^a" } } };
  assertEquals(isValid(schema, { pattern: "ab" }), true);
  assertEquals(isValid(schema, { pattern: "b" }), false);
});

Deno.test("boundSchema() takes names below a keyword for names, not for keywords", () => {
  for (
    const keyword of ["properties", "$defs", "dependentSchemas", "dependencies"]
  ) {
    const bound = boundSchema({ [keyword]: { enum: { pattern: "^a" } } });
    assertEquals(bound, { [keyword]: { enum: { format: "re2:^a" } } });
  }
});

Deno.test("boundSchema() leaves values to compare with alone", () => {
  const schema = { const: { pattern: "^a" }, enum: [{ pattern: "^a" }] };
  assertEquals(isValid(schema, { pattern: "^a" }), true);
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
  assertEquals(isValid(schema, "ab"), true);
  assertEquals(isValid(schema, "b"), false);
  assertEquals(isValid(schema, ["a"]), false);
  assertEquals(schema, before);
});

Deno.test("draftOf() reads the draft from $schema, 2020-12 when there is none", () => {
  assertEquals(draftOf({}), "2020-12");
  assertEquals(
    draftOf({ $schema: "http://json-schema.org/draft-04/schema#" }),
    "4",
  );
  assertEquals(
    draftOf({ $schema: "https://json-schema.org/draft/2019-09/schema" }),
    "2019-09",
  );
});

Deno.test("problemsOfSchema() finds nothing wrong in a good schema", () => {
  assertEquals(
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
  assertEquals(problems.length, 3);
  assertMatch(problems[0], /^cannot have patternProperties/);
  assertMatch(problems[1], /unknown format "url": there are .*\buri,/);
  assertMatch(problems[2], /^Cannot use the pattern/);
});

Deno.test("problemsOfSchema() names a $ref outside the schema", () => {
  assertMatch(
    problemsOfSchema({ $ref: "https://example.com/person.json" })[0],
    /leads nowhere: https:\/\/example\.com\/person\.json/,
  );
});
