import { z } from "zod";
import type { Database } from "../database.ts";
import { type OperationError, PipelineError } from "../errors.ts";
import { type Caller, ownerOf } from "./caller.ts";
import { toStorableJson } from "../storable_json.ts";
import { type Evaluation, evaluationSchema } from "./evaluation_record.ts";
import { operationErrorsSchema } from "./operation_errors.ts";

export const batchMetadataSchema = z.object({
  experimentName: z.string().optional(),
  modelName: z.string().optional().describe(
    "For responses that do not name their model",
  ),
  tags: z.array(z.string()).optional(),
}).catchall(z.json()).describe("Other fields are kept in metadata");

export const storeResultsSchema = z.strictObject({
  responses: z.array(evaluationSchema),
  supabaseTable: z.string().min(1).default("prompt_evaluations").describe(
    "prompt_evaluations, or a table made by create_evaluations_table()",
  ),
  batchMetadata: batchMetadataSchema.default({}),
});

export type StoreResultsInput = z.input<typeof storeResultsSchema>;

const count = z.int().nonnegative();

export const storeResultsOutputSchema = z.object({
  stored: count,
  failed: count,
  insertedIds: z.array(count),
  errors: operationErrorsSchema,
});

export type StoreResultsOutput = z.output<typeof storeResultsOutputSchema>;

const BATCH_SIZE = 100;

/**
 * Stores responses as rows of a results table. A row or a batch that cannot be stored is in `errors`
 * with the index of the response and does not stop the others.
 *
 * @throws {PipelineError} `invalid_request`: there is no such results table
 */
export async function storeResults(
  { responses, supabaseTable, batchMetadata }: z.output<
    typeof storeResultsSchema
  >,
  { caller, database }: { caller: Caller; database: Database },
): Promise<StoreResultsOutput> {
  const insertedIds: number[] = [];
  const errors: OperationError[] = [];
  const defaults = toDefaults(batchMetadata);
  for (let start = 0; start < responses.length; start += BATCH_SIZE) {
    const batch = responses.slice(start, start + BATCH_SIZE);
    const number = start / BATCH_SIZE + 1;
    try {
      const stored: {
        ids: (number | null)[];
        errors: { index: number; code: string; message: string }[];
      } = await database.call("pipeline_store_results", {
        results_table: supabaseTable,
        results: batch.map(toResult),
        defaults,
        owner: ownerOf(caller),
      });
      insertedIds.push(...stored.ids.filter((id) => id !== null));
      for (const { index, code, message } of stored.errors) {
        errors.push({
          code: "not_stored",
          message: `Cannot store response ${start + index}: ${message}`,
          context: { prompt: start + index, batch: number, sqlState: code },
        });
      }
    } catch (error) {
      if (!(error instanceof PipelineError)) throw error;
      // No batch would fare better.
      if (error.code === "invalid_request" && start === 0) throw error;
      errors.push({
        code: error.code,
        message: error.message,
        context: { batch: number, prompts: [start, start + batch.length - 1] },
      });
    }
  }
  return {
    stored: insertedIds.length,
    failed: responses.length - insertedIds.length,
    insertedIds,
    errors,
  };
}

function toResult({ promptKey, ...response }: Evaluation) {
  return toFields({ key: promptKey, ...response });
}

function toDefaults(
  { experimentName, modelName, tags, ...metadata }: z.output<
    typeof batchMetadataSchema
  >,
) {
  return toFields({ experimentName, model: modelName, tags, metadata });
}

/** Absent fields stay absent, because null would win over the defaults. */
function toFields(fields: object): object {
  const present = Object.entries(fields)
    .filter(([, value]) => value !== null && value !== undefined);
  return toStorableJson(Object.fromEntries(present));
}
