import { join } from "node:path";
import type * as z from "zod";
import type { EvaluatorDefinition } from "../../supabase/functions/_shared/evaluation/evaluator_definition.ts";
import { toJsonSchema } from "../../supabase/functions/_shared/operations/openapi.ts";
import type { JsonSchema } from "../docs/json_schema.ts";
import { EVALUATORS } from "../../supabase/functions/_shared/evaluation/evaluators.ts";
import {
  REFUSED_KEYWORDS,
  SCHEMA_KEYWORDS,
} from "../../supabase/functions/_shared/evaluation/json_schema/schema_keywords.ts";

/** Where the database's list of evaluators stands, from the folder supabase. */
const PATH = "schemas/rules/known_evaluators.sql";

/** The lists by which a run is checked when it is inserted, made of those that the evaluators work by. */
export function toKnownEvaluators(): string {
  return `-- Written by \`deno task migration\` from EVALUATORS and SCHEMA_KEYWORDS in functions/_shared/evaluation: edit those files.

${
    toFunction(
      "known_evaluators",
      Object.fromEntries(EVALUATORS.map(toKnownEvaluator)),
      "Which fields each type of evaluator may have and which it must, whether it asks judges, which fields the objects in its fields may have, and the JSON Schema of each, {type: {fields, required, asksJudge?: always | on wish, nested?: {field: fields}, values: {field: schema}}}; type itself is not among the fields.",
    )
  }
${
    toFunction(
      "json_schema_keywords",
      SCHEMA_KEYWORDS,
      "The keywords of JSON Schema and what their values have to be.",
    )
  }
${
    toFunction(
      "refused_json_schema_keywords",
      REFUSED_KEYWORDS,
      "Keywords that evaluators refuse, and what to write instead.",
    )
  }`;
}

type ListedEvaluator = Pick<EvaluatorDefinition, "asksJudge"> & {
  schema: z.ZodObject;
};

function toKnownEvaluator({ schema, asksJudge }: ListedEvaluator) {
  const { type, ...fields } = schema.shape;
  const names = Object.keys(fields);
  const required = names.filter((name) =>
    !(fields[name] as z.ZodType).safeParse(undefined).success
  );
  const nested = Object.fromEntries(
    names.map((
      name,
    ) => [name, namesWithin(toJsonSchema(fields[name] as z.ZodType))])
      .filter(([, within]) => within.length > 0),
  );
  return [(type as z.ZodLiteral).value, {
    fields: names,
    required,
    asksJudge,
    ...Object.keys(nested).length > 0 && { nested },
    values: Object.fromEntries(
      names.map((name) => [
        name,
        withoutWords(toJsonSchema(fields[name] as z.ZodType)),
      ]).filter(([, schema]) => Object.keys(schema as object).length > 0),
    ),
  }];
}

/** A schema without what is told to people. */
function withoutWords(schema: unknown): unknown {
  return JSON.parse(JSON.stringify(schema, (_, value) => {
    if (typeof value?.type !== "string" && !value?.anyOf) return value;
    const { description: _words, default: _default, ...rest } = value;
    return rest;
  }));
}

/** The names that an object in this place, or an object of a list in it, may have. */
function namesWithin(
  { properties = {}, anyOf = [], items = {} }: JsonSchema,
): string[] {
  const others = items.properties || items.anyOf ? namesWithin(items) : [];
  for (const schema of anyOf) others.push(...namesWithin(schema));
  return [...new Set([...Object.keys(properties), ...others])];
}

function toFunction(
  name: string,
  list: Record<string, unknown>,
  comment: string,
): string {
  const lines = Object.entries(list).map(([key, value]) =>
    `    ${JSON.stringify(key)}: ${JSON.stringify(value)}`.replaceAll("'", "''")
  );
  return `create function pipeline.${name}()
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select '{
${lines.join(",\n")}
  }'::jsonb;
$$;
comment on function pipeline.${name}() is
  '${comment}';
`;
}

/** Writes the list anew. */
export async function writeKnownEvaluators(
  supabaseFolder: string,
): Promise<void> {
  await Deno.writeTextFile(join(supabaseFolder, PATH), toKnownEvaluators());
}
