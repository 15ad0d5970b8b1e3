import { z } from "zod";
import type { EvaluatorDefinition } from "../../supabase/functions/_shared/evaluation/evaluator_definition.ts";

const PREFACE = `# Evaluators

Evaluators score stored responses. A run names them in \`evaluators\`, by name or with fields:

\`\`\`sql
insert into pipeline_runs (source, endpoint, evaluators) values (
  '{"type": "prompts", "prompts": ["What is the capital of France?"]}',
  'my-model',
  '["refusal", {"type": "contains", "text": "Paris", "name": "says-paris"}]'
);
\`\`\`

Each gives one row in \`evaluation_scores\` per response: \`score\` from 0 (worst) to 1 (best), \`passed\`, and where there is more to say \`label\` and \`explanation\`. An evaluator that cannot score says why in \`error\`; the response and its other scores are not affected. A prompt that failed has no response, so every evaluator gives an error for it, except \`refusal\` where the endpoint itself declined.

Every evaluator has \`type\` and may have a \`name\`, in kebab-case: the name of its scores, by default the type. Two evaluators of one type need different names.

Those that take a \`reference\` compare the response with it:

- \`{"from": "archive"}\`, the default: what the assistant in the archive answered;
- \`{"from": "metadata", "path": "expected"}\`: a value in the metadata of the prompt, such as a column of the file it came from;
- \`{"value": "Paris"}\`: the same text for every row.

A blank reference counts as none. Texts are compared in Unicode normal form C, with \`\\n\` for every kind of line end.

This page is written by \`deno run -A scripts/docs/write_evaluator_page.ts --update\` from the schemas of the evaluators; a test fails when the two differ.
`;

/** The page docs/evaluators.md, before `deno fmt` lays it out. */
export function toEvaluatorPage(
  definitions: readonly ManualEntry[],
): string {
  return [PREFACE, ...definitions.map(toSection)].join("\n");
}

type ManualEntry = Pick<
  EvaluatorDefinition,
  "schema" | "example" | "summary" | "score" | "passed"
>;

function toSection(definition: ManualEntry): string {
  const { properties = {}, required = [] } = z.toJSONSchema(
    definition.schema,
    { io: "input" },
  );
  const { type, name: _, reference, ...fields } = properties as Record<
    string,
    JsonSchema
  >;
  const rows = Object.entries(fields).map(([field, schema]) => [
    `\`${field}\``,
    describeValue(schema),
    describeDefault(schema, required.includes(field)),
    schema.description ?? "",
  ]);
  return `## ${type.const}

${definition.summary}

- Score: ${definition.score}.
- Passed: ${definition.passed}.
${reference ? "- Takes a `reference`.\n" : ""}
\`\`\`json
${JSON.stringify(definition.example, null, 2)}
\`\`\`

${rows.length > 0 ? toTable(rows) : ""}`;
}

/** What of JSON Schema the schemas of evaluators use. */
interface JsonSchema {
  type?: string;
  description?: string;
  default?: unknown;
  const?: unknown;
  enum?: unknown[];
  anyOf?: JsonSchema[];
  items?: JsonSchema;
  properties?: Record<string, JsonSchema>;
  minimum?: number;
  exclusiveMinimum?: number;
  maximum?: number;
}

const TYPE_WORDS: Record<string, string> = {
  string: "text",
  integer: "whole number",
  boolean: "true or false",
};

function describeValue(schema: JsonSchema): string {
  const { const: constant, enum: choices, anyOf, items, properties } = schema;
  if (constant !== undefined) return code(constant);
  if (choices) return choices.map(code).join(" or ");
  if (anyOf) return anyOf.map(describeValue).join(" or ");
  if (items) return `list of ${describeValue(items)}`;
  if (properties) {
    return `object with ${
      Object.entries(properties)
        .map(([name, value]) => `\`${name}\` (${describeValue(value)})`)
        .join(" and ")
    }`;
  }
  const type = schema.type ?? "any";
  return (TYPE_WORDS[type] ?? type) + describeRange(schema);
}

function describeRange(
  { minimum, exclusiveMinimum, maximum }: JsonSchema,
): string {
  const from = minimum ?? exclusiveMinimum;
  if (from === undefined) return "";
  const atMost = maximum === Number.MAX_SAFE_INTEGER ? undefined : maximum;
  if (exclusiveMinimum !== undefined) {
    return ` above ${from}${atMost === undefined ? "" : `, at most ${atMost}`}`;
  }
  return atMost === undefined
    ? `, at least ${from}`
    : `, from ${from} to ${atMost}`;
}

function describeDefault(schema: JsonSchema, isRequired: boolean): string {
  if (schema.default !== undefined) return code(schema.default);
  return isRequired ? "required" : "";
}

function code(value: unknown): string {
  return `\`${JSON.stringify(value)}\``;
}

function toTable(rows: string[][]): string {
  return [
    ["field", "value", "default", "meaning"],
    ["-", "-", "-", "-"],
    ...rows,
  ]
    .map((row) =>
      `| ${row.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |\n`
    ).join("");
}
