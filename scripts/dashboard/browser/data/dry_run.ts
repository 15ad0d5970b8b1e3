import type { OperationError } from "../../../../supabase/functions/_shared/errors.ts";
import type { DryRunSummary } from "../../../../supabase/functions/_shared/operations/dry_run.ts";
import { askService, callFunction, project } from "./project.ts";
import type { Prompts } from "./prompts.ts";

/** What prompts are sent to, and how. */
export interface Called {
  /** Undefined: none is chosen yet, so nothing is known of its price. */
  endpoint?: string;
  /** Undefined: the endpoint's own. */
  model?: string;
  template?: object;
}

/** What prompts may cost somewhere, USD; null: it has no prices. */
export interface Price extends Called {
  cost: number | null;
  outputTokensEach: number;
}

/** What a run would ask, what could not be read, and what it may cost. */
export interface DryRun {
  summary: DryRunSummary;
  errors: OperationError[];
  prices: Price[];
}

/** How often and how long each is answered. */
export interface Answers {
  repetitions?: number;
  /** Undefined: as many tokens as the answers of an endpoint had. */
  maxTokens?: number;
}

/**
 * Counts what a run of these prompts would ask, and estimates what it may cost by each that is called.
 * The project reads, and asks no model. Prices are the project's own: who signs in on a static host is
 * told none.
 */
export async function readDryRun(
  prompts: Prompts,
  called: Called[],
  answers: Answers,
  signal: AbortSignal,
): Promise<DryRun> {
  const counts = new Map<string, Promise<Omit<DryRun, "prices">>>();
  // An archive is read once for each template and not for each model.
  const count = (template?: object) => {
    const key = JSON.stringify(template) ?? "";
    const counted = counts.get(key) ??
      readCount(prompts, template, answers, signal);
    counts.set(key, counted);
    return counted;
  };
  const first = await count(called[0]?.template);
  const priced = project().home.kind === "local" ? called : [];
  const prices = await Promise.all(
    priced.filter(({ endpoint }) => endpoint !== undefined).map(async (one) => {
      const { summary } = await count(one.template);
      return { ...one, ...await readPrice(summary, one, answers, signal) };
    }),
  );
  return { ...first, prices };
}

/** The first prompts as a run would ask them, and what could not be read on the way to them. */
export function readFirstPrompts(
  prompts: Prompts,
  most: number,
  signal: AbortSignal,
): Promise<Omit<DryRun, "prices">> {
  return readCount({ ...prompts, maxPrompts: most }, undefined, {}, signal);
}

function readCount(
  { source, options, maxPrompts }: Prompts,
  template: object | undefined,
  { repetitions }: Answers,
  signal: AbortSignal,
): Promise<Omit<DryRun, "prices">> {
  return askService("/functions/v1/extract-prompts", {
    ...options,
    dataSource: source,
    dryRun: true,
    maxPrompts,
    template,
    repetitions,
  }, signal);
}

function readPrice(
  { prompts, repetitions, inputTokens }: DryRunSummary,
  { endpoint, model }: Called,
  { maxTokens }: Answers,
  signal: AbortSignal,
): Promise<Pick<Price, "cost" | "outputTokensEach">> {
  return callFunction("pipeline_estimate_cost", {
    endpoint,
    model: model ?? null,
    prompts: prompts * repetitions,
    input_tokens: inputTokens,
    output_tokens: maxTokens ?? null,
  }, signal);
}
