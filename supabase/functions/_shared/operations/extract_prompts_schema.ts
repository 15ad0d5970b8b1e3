import * as z from "zod";
import { extractOptionsSchema } from "../archive/options.ts";
import type { OperationError } from "../errors.ts";
import type { Prompt } from "../prompt.ts";
import { templateSchema } from "../template/template_schema.ts";
import { dataSourceSchema } from "./data_source.ts";
import { dryRunSchema, type DryRunSummary } from "./dry_run.ts";
import { promptObjectSchema } from "./execute_batch_schema.ts";
import { operationErrorsSchema } from "./operation_errors.ts";
import { repetitionsSchema } from "./run_pipeline.ts";

/** What `extract_prompts` takes; `directory` alone is the form of the first version. */
export const extractPromptsSchema = extractOptionsSchema.extend({
  dataSource: dataSourceSchema.optional().describe(
    "prompts, set, run and sweep: with dryRun only",
  ),
  directory: z.string().min(1).optional().describe(
    'The older form of {"dataSource": {"type": "local", "directory"}}',
  ),
  dryRun: z.boolean().default(false).describe(
    "Count what a run would ask, and what for, instead of answering with the prompts",
  ),
  endpoint: z.string().min(1).optional().describe(
    "With dryRun: the endpoint by whose prices the run is estimated",
  ),
  model: z.string().min(1).optional().describe(
    "With dryRun: the model of it that the run names",
  ),
  maxTokens: z.int().positive().optional().describe(
    "With dryRun: the output tokens to reckon with for each prompt",
  ),
  template: templateSchema.optional().describe(
    "With dryRun: the template of the run",
  ),
  repetitions: repetitionsSchema.describe(
    "With dryRun: how often each prompt is asked",
  ),
}).superRefine(({ dataSource, directory, dryRun }, context) => {
  const { type } = dataSource ?? {};
  if (!dryRun && type && !EXTRACTED.has(type)) {
    context.addIssue({
      code: "custom",
      path: ["dataSource", "type"],
      message: `"${type}" has nothing to extract; only dryRun takes it`,
    });
  }
  if ((dataSource === undefined) !== (directory === undefined)) return;
  context.addIssue({
    code: "custom",
    path: ["dataSource"],
    message:
      'give either dataSource, such as {"type": "supabase", "bucket": "conversation-archives"}, or directory',
  });
});

/** What has something to extract; the prompts of other sources stand there as they are. */
const EXTRACTED = new Set(["supabase", "table", "local"]);

export type ExtractPromptsInput = z.input<typeof extractPromptsSchema>;

export const extractPromptsOutputSchema = z.object({
  prompts: z.array(
    z.object({
      ...promptObjectSchema.shape,
      key: z.string(),
      text: z.string(),
    }),
  ).describe("Ready for execute_batch"),
  total: z.int().describe("How many prompts there are in this answer"),
  errors: operationErrorsSchema,
  summary: dryRunSchema.optional().describe("With dryRun"),
});

export interface ExtractPromptsOutput {
  prompts: Prompt[];
  total: number;
  errors: OperationError[];
  summary?: DryRunSummary;
}
