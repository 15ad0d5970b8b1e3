import { isJsonObject } from "../model/json_value.ts";
import type { Template } from "./template_schema.ts";
import { variableText } from "./variable_text.ts";

/** What a template is filled with. */
export interface Fillable {
  text: string;
  reference?: string | null;
  metadata?: Record<string, unknown> | null;
}

export type Filled = { filled: string } | { missing: string[] };

const PLACEHOLDER = /\{\{([^{}]+)\}\}/;

/**
 * A message of a template for a prompt, or which variables the prompt lacks. Runs are filled by
 * `pipeline.fill_template()` in SQL; this is its twin where there is no database, and
 * `tests/template_vectors.json` holds for both.
 */
export function fillTemplate(template: string, prompt: Fillable): Filled {
  const missing: string[] = [];
  const filled = template.split(PLACEHOLDER).map((part, index) => {
    // Every other part is what the expression caught: a name.
    if (index % 2 === 0) return part;
    const value = valueOf(part.trim(), prompt);
    if (value === undefined || value === null) missing.push(part.trim());
    return variableText(value);
  });
  return missing.length > 0 ? { missing } : { filled: filled.join("") };
}

/** Whether a template needs no text of a prompt: then rows of an archive are variables. */
export function takesVariables({ user }: Template): boolean {
  return user !== undefined &&
    !user.split(PLACEHOLDER).some((part, index) =>
      index % 2 === 1 && part.trim() === "prompt"
    );
}

function valueOf(
  name: string,
  { text, reference, metadata }: Fillable,
): unknown {
  if (name === "prompt") return text === "" ? undefined : text;
  if (name === "reference") return reference;
  return memberOf(metadata, name) ??
    name.split(".").reduce<unknown>(memberOf, metadata);
}

function memberOf(value: unknown, name: string): unknown {
  if (Array.isArray(value)) {
    return /^-?\d+$/.test(name) ? value.at(Number(name)) : undefined;
  }
  return isJsonObject(value) && Object.hasOwn(value, name)
    ? value[name]
    : undefined;
}
