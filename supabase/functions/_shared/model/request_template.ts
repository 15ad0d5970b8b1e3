import { isJsonObject } from "./json_value.ts";
import type { RequestParts } from "./model_request.ts";

/** Fills a template's placeholders for one request. */
export type FillTemplate = (parts: RequestParts) => unknown;

type Values = Record<string, unknown> & { parameters: Record<string, unknown> };
type Fill = (values: Values) => unknown;

const WHOLE = /^\{\{\s*([\w.]+)\s*\}\}$/;
const INSIDE = /\{\{\s*([\w.]+)\s*\}\}/g;
const NAMES = /^(prompt|messages|model|systemPrompt|parameters(\.\w+)?)$/;

/**
 * Compiles a JSON template with the placeholders `{{prompt}}`, `{{messages}}`
 * (a list of `{role, content}`, system first, the prompt last), `{{model}}`,
 * `{{systemPrompt}}`, `{{parameters}}` and `{{parameters.NAME}}`.
 *
 * A string that is nothing but a placeholder becomes the value with its type;
 * an absent value takes its field with it. Inside other text the value is
 * written out. Values are never read as templates. Throws `TypeError` for an
 * unknown placeholder.
 */
export function compileTemplate(template: unknown): FillTemplate {
  const fill = compile(template);
  return (parts) => fill(valuesOf(parts));
}

function valuesOf(parts: RequestParts): Values {
  return {
    prompt: parts.prompt,
    messages: parts.messages,
    model: parts.model,
    systemPrompt: parts.system,
    parameters: { ...parts.neutral, ...parts.given },
  };
}

function compile(template: unknown): Fill {
  if (typeof template === "string") return compileText(template);
  if (Array.isArray(template)) {
    const elements = template.map(compile);
    return (values) =>
      elements.map((fill) => fill(values)).filter((value) =>
        value !== undefined
      );
  }
  if (isJsonObject(template)) {
    const fields = Object.entries(template)
      .map(([key, value]) => [key, compile(value)] as const);
    return (values) =>
      Object.fromEntries(fields.map(([key, fill]) => [key, fill(values)]));
  }
  return () => template;
}

function compileText(text: string): Fill {
  const whole = WHOLE.exec(text);
  if (whole) {
    const name = checkName(whole[1]);
    return (values) => valueOf(values, name);
  }
  for (const [, name] of text.matchAll(INSIDE)) checkName(name);
  if (!text.includes("{{")) return () => text;
  return (values) =>
    text.replace(INSIDE, (_, name) => toText(valueOf(values, name)));
}

function checkName(name: string): string {
  if (NAMES.test(name)) return name;
  throw new TypeError(
    `Cannot fill {{${name}}} in the request template: the placeholders are ` +
      "prompt, messages, model, systemPrompt, parameters and parameters.NAME",
  );
}

function valueOf(values: Values, name: string): unknown {
  const [head, field] = name.split(".", 2);
  return field === undefined ? values[head] : values.parameters[field];
}

function toText(value: unknown): string {
  if (value === undefined || value === null) return "";
  return typeof value === "string" ? value : JSON.stringify(value);
}
