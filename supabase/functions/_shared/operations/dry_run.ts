import { z } from "zod";
import { REDACTIONS } from "../archive/options.ts";
import type { FileReport } from "../archive/read_archives.ts";

const count = z.int().nonnegative();
const counts = z.record(z.string(), count);

export const priceSchema = z.object({
  endpoint: z.string(),
  outputTokensEach: z.number().describe(
    "maxTokens where given, else the mean of what the endpoint has answered, 500 before it has",
  ),
  cachedInputTokens: z.number().nullable().describe(
    "Of inputTokens those that a cache will answer for, by the newest run of this model; null: none tells",
  ),
  inputCost: z.number().nullable().describe("USD; null: it has no prices"),
  outputCost: z.number().nullable(),
  cost: z.number().nullable(),
});

export const dryRunSchema = z.object({
  files: count,
  conversations: count,
  prompts: count,
  inputTokens: count.describe("Estimated: a token is four bytes"),
  formats: counts.describe("Files by format"),
  skipped: counts.describe("What could not be read, by error code"),
  redactions: counts.describe("What was replaced, by kind"),
  examples: z.array(z.string()).describe("The first prompts, shortened"),
  price: priceSchema.nullable().describe("null: no endpoint was named"),
});

export type Price = z.output<typeof priceSchema>;
export type DryRunSummary = z.output<typeof dryRunSchema>;

const MOST_EXAMPLES = 3;
const EXAMPLE_LENGTH = 200;
const PLACEHOLDER = new RegExp(
  `\\[(${REDACTIONS.join("|").toUpperCase()})_[0-9a-f]{6}\\]`,
  "g",
);

/** What a run would ask, counted instead of kept, so that any number of prompts takes no memory. */
export class DryRun {
  #bytes = 0;
  readonly #encoder = new TextEncoder();
  readonly summary: DryRunSummary = {
    files: 0,
    conversations: 0,
    prompts: 0,
    inputTokens: 0,
    formats: {},
    skipped: {},
    redactions: {},
    examples: [],
    price: null,
  };

  addPrompt({ text, messages }: { text: string; messages?: unknown }): void {
    const { summary } = this;
    summary.prompts++;
    const sent = messages ? [text, JSON.stringify(messages)] : [text];
    // As enqueueing estimates it in SQL.
    for (const part of sent) this.#bytes += this.#encoder.encode(part).length;
    summary.inputTokens = Math.ceil(this.#bytes / 4);
    for (const [, kind] of text.matchAll(PLACEHOLDER)) {
      add(summary.redactions, kind.toLowerCase(), 1);
    }
    if (summary.examples.length < MOST_EXAMPLES) {
      summary.examples.push(text.slice(0, EXAMPLE_LENGTH));
    }
  }

  addFile({ format, conversations, errors }: FileReport): void {
    const { summary } = this;
    summary.files++;
    summary.conversations += conversations;
    if (format) add(summary.formats, format, 1);
    for (const { code } of errors) add(summary.skipped, code, 1);
  }

  /** Adds prompts that were measured elsewhere. */
  addMeasured(measured: { prompts: number; inputTokens: number }): void {
    this.summary.prompts += measured.prompts;
    this.summary.inputTokens += measured.inputTokens;
  }
}

function add(counts: Record<string, number>, name: string, more: number) {
  counts[name] = (counts[name] ?? 0) + more;
}
