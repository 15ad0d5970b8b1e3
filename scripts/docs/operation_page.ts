import {
  toFunctionName,
  toJsonSchema,
} from "../../supabase/functions/_shared/operations/openapi.ts";
import type { Operation } from "../../supabase/functions/_shared/operations/operation.ts";

interface JsonSchema {
  type?: string | string[];
  const?: unknown;
  enum?: unknown[];
  anyOf?: JsonSchema[];
  oneOf?: JsonSchema[];
  items?: JsonSchema;
  properties?: Record<string, JsonSchema>;
  required?: string[];
  default?: unknown;
  description?: string;
}

/** The page docs/reference/operations.md, before `deno fmt` lays it out. */
export function toOperationPage(
  operations: Record<string, Pick<Operation, "summary" | "input" | "output">>,
): string {
  return [
    "# Operations",
    "",
    "Written by `scripts/docs/write_operation_page.ts` from the schemas that check",
    "the requests. How to call them: [http.md](../http.md), [tool.md](../tool.md).",
    ...Object.entries(operations).flatMap(([name, operation]) => [
      "",
      `## ${name}`,
      "",
      `${operation.summary}. Function \`${toFunctionName(name)}\`.`,
      "",
      ...toTable("takes", toJsonSchema(operation.input)),
      "",
      ...toTable("answers", toJsonSchema(operation.output)),
    ]),
    "",
  ].join("\n");
}

function toTable(
  heading: string,
  { properties = {}, required = [] }: JsonSchema,
): string[] {
  const rows = Object.entries(properties).map(([name, schema]) => {
    const fallback = schema.default === undefined
      ? required.includes(name) ? "" : "optional"
      : `default \`${JSON.stringify(schema.default)}\``;
    const meaning = [fallback, schema.description]
      .filter(Boolean).join("; ");
    return [`\`${name}\``, describeType(schema), meaning];
  });
  return [
    `| ${heading} | | |`,
    "| - | - | - |",
    ...rows.map((cells) =>
      `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`
    ),
  ];
}

function describeType(schema: JsonSchema): string {
  if (schema.const !== undefined) return `\`${JSON.stringify(schema.const)}\``;
  if (schema.enum) {
    return schema.enum.map((value) => `\`${value}\``).join(", ");
  }
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices) {
    return [...new Set(choices.map(describeType))]
      .filter((type) => type !== "null").join(" or ");
  }
  if (schema.type === "array") {
    return `list of ${schema.items ? describeType(schema.items) : "values"}`;
  }
  if (schema.properties) {
    const names = Object.entries(schema.properties).map(([name, property]) =>
      property.const === undefined
        ? `\`${name}\``
        : `\`${name}\`: ${describeType(property)}`
    );
    return `object with ${names.join(", ")}`;
  }
  const types = [schema.type ?? "any value"].flat();
  return types.filter((type) => type !== "null").join(" or ");
}
