import { assertEquals } from "@std/assert";
import { toTypeScript } from "./to_typescript.ts";

Deno.test("toTypeScript() says what a schema allows", () => {
  for (
    const [schema, type] of [
      [{}, "unknown"],
      [{ type: "integer" }, "number"],
      [{ type: ["string", "null"] }, "string | null"],
      [{ enum: ["a", 1] }, '"a" | 1'],
      [{ const: "x", type: "string" }, '"x"'],
      [{ type: "array" }, "unknown[]"],
      [
        { type: "array", items: { anyOf: [{ type: "string" }, {}] } },
        "(string | unknown)[]",
      ],
      [
        { type: "object", additionalProperties: { type: "string" } },
        "Record<string, string>",
      ],
      [{ allOf: [{ type: "object" }] }, "(Record<string, unknown>)"],
    ] as const
  ) assertEquals(toTypeScript(schema as never), type);
});

Deno.test("toTypeScript() tells what is required, and descriptions as comments", () => {
  assertEquals(
    toTypeScript({
      type: "object",
      properties: {
        a: { type: "string", description: "Until */ here" },
        "b-c": { type: "boolean" },
      },
      required: ["a"],
      additionalProperties: false,
    }),
    '{ /** Until *\\/ here */\na: string;\n"b-c"?: boolean; }',
  );
});
