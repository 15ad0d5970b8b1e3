import {
  toFunctionName,
  toJsonSchema,
} from "../../supabase/functions/_shared/operations/openapi.ts";
import type { Operation } from "../../supabase/functions/_shared/operations/operation.ts";
import { describeValue, type JsonSchema } from "./json_schema.ts";
import { toTable } from "./markdown_table.ts";

/** The page docs/reference/operations.md, before `deno fmt` lays it out. */
export function toOperationPage(
  operations: Record<string, Pick<Operation, "summary" | "input" | "output">>,
): string {
  return [
    "# Operations",
    "",
    "Written by `deno task docs` from the schemas that check the requests. How to",
    "call them: [http.md](../http.md), [tool.md](../tool.md).",
    ...Object.entries(operations).flatMap(([name, operation]) => [
      "",
      `## ${name}`,
      "",
      `${operation.summary}. Function \`${toFunctionName(name)}\`.`,
      "",
      toFieldTable("takes", toJsonSchema(operation.input)),
      "",
      toFieldTable("answers", toJsonSchema(operation.output)),
    ]),
    "",
  ].join("\n");
}

function toFieldTable(
  heading: string,
  { properties = {}, required = [] }: JsonSchema,
): string {
  const rows = Object.entries(properties).map(([name, schema]) => {
    const fallback = schema.default === undefined
      ? required.includes(name) ? "" : "optional"
      : `default \`${JSON.stringify(schema.default)}\``;
    const meaning = [fallback, schema.description].filter(Boolean).join("; ");
    return [`\`${name}\``, describeValue(schema), meaning];
  });
  return toTable([heading, "", ""], rows);
}
