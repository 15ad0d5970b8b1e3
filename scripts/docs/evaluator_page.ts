import type { EvaluatorDefinition } from "../../supabase/functions/_shared/evaluation/evaluator_definition.ts";
import { toJsonSchema } from "../../supabase/functions/_shared/operations/openapi.ts";
import { describeValue, type JsonSchema, toCode } from "./json_schema.ts";
import { toTable } from "./markdown_table.ts";

const PREFACE = `# Evaluators

Evaluators score stored responses. A run names them in \`evaluators\`, by name or with fields:

\`\`\`sql
insert into pipeline_runs (source, endpoint, evaluators) values (
  '{"type": "prompts", "prompts": ["What is the capital of France?"]}',
  'my-model',
  '["refusal", {"type": "contains", "text": "Paris", "name": "says-paris"}]'
);
\`\`\`

Each gives one row in \`evaluation_scores\` per response: \`score\` from 0 (worst) to 1 (best), \`passed\`, and where there is more to say \`category\` and \`explanation\`. An evaluator that cannot score says why in \`error\`; the response and its other scores are not affected. A prompt that failed has no response, so every evaluator gives an error for it, except \`refusal\` where the endpoint itself declined.

Every evaluator has \`type\` and may have a \`name\`, in kebab-case: the name of its scores, by default the type. Two evaluators of one type need different names. With \`"not": true\` the opposite passes and the score is 1 − score; the default name then begins with \`not-\`. What a model thought aloud at the beginning of its answer, \`<think>…</think>\`, is passed over unless an evaluator has \`"thoughts": true\`. What is wrong in an evaluator is refused when its run is inserted.

Those that ask a judge name an \`endpoint\`, or several judges as a \`panel\`:

\`\`\`json
{
  "type": "rubric",
  "rubric": "5: polite and correct. 1: wrong.",
  "panel": [{ "endpoint": "a" }, { "endpoint": "b" }, { "endpoint": "c", "model": "large" }],
  "combine": "majority"
}
\`\`\`

Each answer of a judge is a vote, a row of \`evaluation_votes\` with what the judge said word for word. A panel's score is the mean of its votes; it passes when more votes pass than fail, and has the category of the most votes, \`tie\` when several have as many; with \`combine\` mean the mean decides. As many that pass as fail neither pass nor fail. A panel does without judges that give no verdict, as long as more than half do. Judges are asked with a response schema; an answer that cannot be read, or an endpoint that takes no schema, is asked once more in words alone. A judge sees the system prompt and the earlier turns that the model saw; what is cut for length, the explanation says.

An endpoint of the format \`openai-decisions\` is a judge that writes no words: it answers typed questions with probabilities, which stand in \`evaluation_votes.probabilities\`. All that a run's evaluators ask it about the same material is asked in one call, each evaluator having its own vote and score. A grade is the expected level of at most ten, a category the likeliest.

Those that take a \`reference\` compare the response with it:

- \`{"from": "archive"}\`, the default: what the assistant in the archive answered;
- \`{"from": "metadata", "path": "expected"}\`: a value in the metadata of the prompt, such as a column of the file it came from;
- \`{"value": "Paris"}\`: the same text for every row.

A blank reference counts as none. Those that take \`passages\`, what a retriever found for the prompt, find them in the same three places: \`{"from": "archive"}\` is the row's own \`passages\`, which archives, tables, prompts, sets and stored results bring along; \`{"from": "metadata", "path": "rag.chunks"}\`; or \`{"value": ["…"]}\`.

Texts are compared in Unicode normal form C, with \`\\n\` for every kind of line end.

This page is written by \`deno task docs\` from the schemas of the evaluators.
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
  const { properties = {}, required = [] }: JsonSchema = toJsonSchema(
    definition.schema,
  );
  const { type, name: _, not: __, thoughts: ___, reference, ...fields } =
    properties;
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

${
    rows.length > 0
      ? toTable(["field", "value", "default", "meaning"], rows)
      : ""
  }`;
}

function describeDefault(schema: JsonSchema, isRequired: boolean): string {
  if (schema.default !== undefined) return toCode(schema.default);
  return isRequired ? "required" : "";
}
