import * as z from "zod";
import { runIdSchema } from "../run_id.ts";
import { holdsNul } from "../storable_json.ts";
import { fewProblems } from "../few_problems.ts";
import { promptObjectSchema } from "./execute_batch_schema.ts";

/** Archives in a bucket. */
const supabaseSourceSchema = z.strictObject({
  type: z.literal("supabase"),
  bucket: z.string().min(1).describe("Name of a Storage bucket"),
  prefix: z.string().default("").describe(
    "Only paths that begin with it, such as 2026/",
  ),
});

/** Archives on the machine that runs the tool. */
const localSourceSchema = z.strictObject({
  type: z.literal("local"),
  directory: z.string().min(1).describe(
    "A file, or a folder with all folders in it; not over HTTP",
  ),
});

/** Rows of a table or view of the project; see docs/sources.md. */
const tableSourceSchema = z.strictObject({
  type: z.literal("table"),
  table: z.string().min(1).describe("schema.name, or name in public"),
  columns: z.record(z.string(), z.json()).optional().describe(
    "What its columns are; default: as they are recognised",
  ),
  where: z.record(z.string(), z.json()).optional().describe(
    "Only rows whose columns equal a value, one of a list, or null",
  ),
  after: z.literal("last run").optional().describe(
    "Only what is new since the last run of this source",
  ),
  format: z.string().min(1).optional().describe(
    "Its layout, where the wrong one is recognised",
  ),
  settle: z.string().optional().describe(
    "How long a question waits for its answer; default 5 minutes",
  ),
  overlap: z.union([z.string(), z.number().nonnegative()]).optional().describe(
    "With after: how far back; default 1 hour, without times 10000 rows",
  ),
});

const listedPromptSchema = z.union([
  z.string().min(1),
  promptObjectSchema.extend({
    text: z.string().optional().describe(
      "Without it metadata is the prompt, for a template without text",
    ),
  }).refine(
    ({ text, metadata }) => text || Object.keys(metadata ?? {}).length > 0,
    'has neither "text" nor "metadata"',
  ),
]);

/** A list of prompts. */
export const promptsSourceSchema = z.strictObject({
  type: z.literal("prompts"),
  prompts: z.array(
    fewProblems(listedPromptSchema.refine(
      (prompt) => !holdsNul(prompt),
      "holds the character 0 (\\u0000), which Postgres cannot store",
    )),
  ).min(1),
});

/** The prompts of an earlier run. */
const runSourceSchema = z.strictObject({
  type: z.literal("run"),
  runId: runIdSchema,
  onlyUnanswered: z.boolean().optional().describe(
    "Only those without an answer, cancelled or failed",
  ),
});

/** A saved set. */
const setSourceSchema = z.strictObject({
  type: z.literal("set"),
  name: z.string().min(1),
  version: z.int().positive().optional().describe("Default: the newest"),
});

/** The prompts that a sweep has extracted. */
const sweepSourceSchema = z.strictObject({
  type: z.literal("sweep"),
  sweepId: runIdSchema,
});

const SWEPT = [
  supabaseSourceSchema,
  tableSourceSchema,
  localSourceSchema,
  promptsSourceSchema,
  setSourceSchema,
  runSourceSchema,
] as const;

/** What the runs of a sweep ask. */
export const sweptSourceSchema = z.discriminatedUnion("type", SWEPT);

/** Where prompts come from. */
export const dataSourceSchema = z.discriminatedUnion("type", [
  ...SWEPT,
  sweepSourceSchema,
]);

export type DataSource = z.output<typeof dataSourceSchema>;

/** A source of one of these types. */
export type SourceOf<Type extends DataSource["type"]> = Extract<
  DataSource,
  { type: Type }
>;
