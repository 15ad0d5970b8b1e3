import { readPrompts } from "./prompts.ts";
import { readJson, readList, readNumber, WrongField } from "./written.ts";

/** What one variant has of its own, as it was written into its fields. */
export interface DraftVariant {
  endpoint?: string;
  model?: string;
  name?: string;
  system?: string;
  user?: string;
}

/** A row that would start a run, of several variants a sweep, or a watch. */
export interface Draft {
  what: "run" | "sweep" | "watch";
  row: Record<string, unknown>;
}

/** The variants of a new run, one at least; what is no list of them counts as none. */
export function readVariants(query: Record<string, string>): DraftVariant[] {
  const variants = [readJson(query.variants ?? "[]")].flat()
    .filter((variant) => variant instanceof Object);
  return variants.length > 0 ? variants : [{}];
}

/** Variants as a query keeps them; undefined: nothing was written. */
export function writeVariants(variants: DraftVariant[]): string | undefined {
  const text = JSON.stringify(variants.map(withoutBlanks));
  return text === "[{}]" ? undefined : text;
}

/** What is sent for each prompt; undefined: the prompt as it is. */
export function toTemplate(
  { system, user }: { system?: string; user?: string },
): { system?: string; user?: string } | undefined {
  const template = withoutBlanks({ system, user });
  return Object.keys(template).length === 0 ? undefined : template;
}

/**
 * The row that the query of an address would write. One variant is a run; two and more are a sweep,
 * which says once what they share.
 *
 * @throws {WrongField}
 */
export function readDraft(query: Record<string, string>): Draft {
  const { source, options, maxPrompts } = readPrompts(query);
  const variants = readVariants(query).map(toVariant);
  const shared = {
    source,
    parameters: withoutBlanks({
      maxTokens: readNumber(query, "max_tokens"),
      temperature: readNumber(query, "temperature"),
    }),
    options: withoutBlanks({
      ...options,
      join: query.join ? true : undefined,
    }),
    repetitions: readNumber(query, "repetitions"),
    evaluators: readEvaluators(query.evaluators),
    tags: readWords(query.tags),
    max_prompts: maxPrompts,
    max_concurrency: readNumber(query, "max_concurrency"),
    max_cost: readNumber(query, "max_cost"),
  };
  const template = toTemplate(query);
  if (variants.length > 1) {
    return {
      what: "sweep",
      row: withoutBlanks({ name: query.name, ...shared, template, variants }),
    };
  }
  const [{ endpoint, model, template: own }] = variants;
  return {
    what: "run",
    row: withoutBlanks({
      experiment_name: query.name,
      endpoint,
      model,
      ...shared,
      template: own ?? template,
    }),
  };
}

/** Whether its evaluators ask judges, whose calls cost too. */
export function asksJudges({ row }: Draft): boolean {
  return [row.evaluators ?? []].flat().some((evaluator) =>
    evaluator instanceof Object &&
    ("endpoint" in evaluator || "panel" in evaluator)
  );
}

function toVariant(
  { name, endpoint, model, ...messages }: DraftVariant,
): DraftVariant & { template?: object } {
  return withoutBlanks({
    name,
    endpoint,
    model,
    template: toTemplate(messages),
  });
}

/** Names with commas between them, or JSON, as on the command line. @throws {WrongField} it looks like JSON and is none */
export function readEvaluators(text = ""): unknown[] | undefined {
  if (!/^\s*[[{"]/.test(text)) return readWords(text);
  const evaluators = readJson(text);
  if (evaluators === undefined) {
    throw new WrongField("evaluators", "The evaluators are no JSON");
  }
  return [evaluators].flat();
}

function readWords(text?: string): string[] | undefined {
  const words = readList(text, ",");
  return words.length === 0 ? undefined : words;
}

/** Without what is empty, so that a row says nothing that its defaults say. */
export function withoutBlanks<Value extends object>(value: Value): Value {
  return Object.fromEntries(
    Object.entries(value).filter(([, one]) =>
      one !== undefined && one !== "" &&
      !(one instanceof Object && !Array.isArray(one) &&
        Object.keys(one).length === 0)
    ),
  ) as Value;
}
