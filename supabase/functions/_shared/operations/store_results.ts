import * as z from "zod";
import type { Database } from "../database.ts";
import { type OperationError, PipelineError } from "../errors.ts";
import { promptKey } from "../prompt_key.ts";
import { toStorableJson } from "../storable_json.ts";
import { type Caller, ownerOf } from "./caller.ts";
import { type Evaluation, evaluationSchema } from "./evaluation_record.ts";
import { fewProblems } from "../few_problems.ts";
import { operationErrorsSchema } from "./operation_errors.ts";

export const batchMetadataSchema = z.object({
  experimentName: z.string().optional(),
  modelName: z.string().optional().describe(
    "For responses that do not name their model",
  ),
  tags: z.array(fewProblems(z.string())).optional(),
}).catchall(z.json()).describe("Other fields are kept in metadata");

export const storeResultsSchema = z.strictObject({
  responses: z.array(evaluationSchema),
  supabaseTable: z.string().min(1).default("prompt_evaluations").describe(
    "prompt_evaluations, a table made by create_evaluations_table(), or one of yours that use_evaluations_table() has registered",
  ),
  batchMetadata: batchMetadataSchema.default({}),
});

export type StoreResultsInput = z.input<typeof storeResultsSchema>;

const count = z.int().nonnegative();
const ids = z.array(z.union([count, z.string()]));

export const storeResultsOutputSchema = z.object({
  stored: count.describe("New, or in place of a failure"),
  failed: count,
  insertedIds: ids.describe(
    "Of all that have a row, in the order of the responses",
  ),
  existing: ids.describe("Of answers that their run had already"),
  errors: operationErrorsSchema,
});

export type StoreResultsOutput = z.output<typeof storeResultsOutputSchema>;

const BATCH_SIZE = 100;
const REFUSALS = ["invalid_request", "forbidden"];

/**
 * Stores responses as rows of a table, a hundred at a time. A row or a batch that cannot be stored is
 * in `errors` with the index of the response and does not stop the others. Responses that name their
 * run are stored once, however often they are sent; others are new each time.
 *
 * @throws {PipelineError} `invalid_request`: it is no results table; `forbidden`: a user names a
 * table or a run that is not theirs
 */
export async function storeResults(
  { responses, supabaseTable, batchMetadata }: z.output<
    typeof storeResultsSchema
  >,
  { caller, database }: { caller: Caller; database: Database },
): Promise<StoreResultsOutput> {
  const insertedIds: StoreResultsOutput["insertedIds"] = [];
  const existing: StoreResultsOutput["existing"] = [];
  const errors: OperationError[] = [];
  const results = numberRepetitions(responses).map(toResult);
  const defaults = toDefaults(batchMetadata);
  for (let start = 0; start < results.length; start += BATCH_SIZE) {
    const batch = results.slice(start, start + BATCH_SIZE);
    const number = start / BATCH_SIZE + 1;
    try {
      const stored: {
        ids: (number | string | null)[];
        existing: (number | string)[];
        errors: { index: number; code: string; message: string }[];
      } = await database.call("pipeline_store_results", {
        results_table: supabaseTable,
        results: batch,
        defaults,
        owner: ownerOf(caller),
      });
      insertedIds.push(...stored.ids.filter((id) => id !== null));
      existing.push(...stored.existing);
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
      if (start === 0 && REFUSALS.includes(error.code)) throw error;
      errors.push({
        code: error.code,
        message: error.message,
        context: { batch: number, prompts: [start, start + batch.length - 1] },
      });
    }
  }
  return {
    stored: insertedIds.length - existing.length,
    failed: responses.length - insertedIds.length,
    insertedIds,
    existing,
    errors,
  };
}

/** The same prompt twice under one run is two repetitions, in whatever batches they are stored. */
function numberRepetitions(responses: Evaluation[]): Evaluation[] {
  const counts = new Map<string, number>();
  return responses.map((response) => {
    const { runId, repetition, prompt } = response;
    if ((runId ?? null) === null || typeof repetition === "number") {
      return response;
    }
    const key = response.promptKey ?? promptKey({ text: prompt });
    const occurrence = (counts.get(`${runId} ${key}`) ?? 0) + 1;
    counts.set(`${runId} ${key}`, occurrence);
    return { ...response, repetition: occurrence };
  });
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
