import * as z from "zod";
import { REDACTIONS } from "../archive/options.ts";
import type { FileReport } from "../archive/read_archives.ts";
import { type Fillable, fillTemplate } from "../template/fill_template.ts";
import type { Template } from "../template/template_schema.ts";

const count = z.int().nonnegative();
const counts = z.record(z.string(), count);

const priceSchema = z.object({
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
  repetitions: count.describe("How often each is asked"),
  inputTokens: count.describe(
    "Of all repetitions, the template filled; estimated: a token is four bytes",
  ),
  missing: counts.describe(
    "Prompts that the template cannot be filled for, by the variable that they lack",
  ),
  formats: counts.describe("Files by format"),
  skipped: counts.describe("What could not be read, by error code"),
  redactions: counts.describe("What was replaced, by kind"),
  examples: z.array(z.string()).describe(
    "The first prompts as they would be sent, shortened",
  ),
  exampleReferences: z.array(z.string().nullable()).describe(
    "The reference of each of them, shortened; null: it has none",
  ),
  price: priceSchema.nullable().describe("null: no endpoint was named"),
});

export type Price = z.output<typeof priceSchema>;
export type DryRunSummary = z.output<typeof dryRunSchema>;

const MOST_EXAMPLES = 5;
const EXAMPLE_LENGTH = 200;
const PLACEHOLDER = new RegExp(
  `\\[(${REDACTIONS.join("|").toUpperCase()})_[0-9a-f]{6}\\]`,
  "g",
);

/** What a run would ask, counted instead of kept, so that any number of prompts takes no memory. */
export class DryRun {
  #bytes = 0;
  readonly #encoder = new TextEncoder();
  readonly #template: Template;
  readonly summary: DryRunSummary;

  constructor(template: Template = {}, repetitions = 1) {
    this.#template = template;
    this.summary = {
      files: 0,
      conversations: 0,
      prompts: 0,
      repetitions,
      inputTokens: 0,
      missing: {},
      formats: {},
      skipped: {},
      redactions: {},
      examples: [],
      exampleReferences: [],
      price: null,
    };
  }

  addPrompt(
    { messages, ...prompt }: Partial<Fillable> & { messages?: unknown },
  ): void {
    const { summary } = this;
    summary.prompts++;
    const text = this.#fill(this.#template.user ?? "{{prompt}}", prompt);
    const sent = [text, this.#fill(this.#template.system ?? "", prompt)];
    if (messages) sent.push(JSON.stringify(messages));
    // As enqueueing estimates it in SQL.
    for (const part of sent) this.#bytes += this.#encoder.encode(part).length;
    summary.inputTokens = Math.ceil(this.#bytes / 4) * summary.repetitions;
    for (const [, kind] of text.matchAll(PLACEHOLDER)) {
      add(summary.redactions, kind.toLowerCase(), 1);
    }
    if (summary.examples.length < MOST_EXAMPLES) {
      summary.examples.push(text.slice(0, EXAMPLE_LENGTH));
      summary.exampleReferences.push(
        prompt.reference?.slice(0, EXAMPLE_LENGTH) ?? null,
      );
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
    const { summary } = this;
    summary.prompts += measured.prompts;
    summary.inputTokens += measured.inputTokens * summary.repetitions;
  }

  #fill(message: string, prompt: Partial<Fillable>): string {
    const result = fillTemplate(message, { text: "", ...prompt });
    if ("filled" in result) return result.filled;
    for (const name of new Set(result.missing)) {
      add(this.summary.missing, name, 1);
    }
    return prompt.text ?? "";
  }
}

function add(counts: Record<string, number>, name: string, more: number) {
  counts[name] = (counts[name] ?? 0) + more;
}
