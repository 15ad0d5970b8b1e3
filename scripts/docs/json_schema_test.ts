import { assertEquals, assertStrictEquals } from "@std/assert";
import { describeValue } from "./json_schema.ts";

Deno.test("describeValue() says which values there may be", () => {
  const words: [Parameters<typeof describeValue>[0], string][] = [
    [{}, "anything"],
    [{ type: "string" }, "text"],
    [{ type: ["integer", "null"] }, "whole number"],
    [{ type: "number", minimum: 0, maximum: 1 }, "number, from 0 to 1"],
    [
      { type: "number", exclusiveMinimum: 0, maximum: 9 },
      "number above 0, at most 9",
    ],
    [{ type: "array" }, "list"],
    [{ type: "array", items: { type: "boolean" } }, "list of true or false"],
    [{ const: 3 }, "`3`"],
    [{ enum: ["a", "b"] }, '`"a"` or `"b"`'],
    [{ anyOf: [{ type: "string" }, { type: "null" }] }, "text"],
    [{ oneOf: [{ type: "string" }, { type: "number" }] }, "text or number"],
    [
      { properties: { type: { const: "run" }, runId: { type: "integer" } } },
      'object with `type`: `"run"`, `runId`',
    ],
  ];
  for (const [schema, expected] of words) {
    assertStrictEquals(describeValue(schema), expected);
  }
});

Deno.test("describeValue() leaves out the bounds of whole numbers themselves", () => {
  const { MIN_SAFE_INTEGER, MAX_SAFE_INTEGER } = Number;
  const [minimum, maximum] = [MIN_SAFE_INTEGER, MAX_SAFE_INTEGER];
  assertEquals(
    describeValue({ type: "integer", minimum, maximum }),
    "whole number",
  );
  assertEquals(
    describeValue({ type: "integer", minimum: 0, maximum }),
    "whole number, at least 0",
  );
});
