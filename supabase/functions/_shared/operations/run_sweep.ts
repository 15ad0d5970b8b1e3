import * as z from "zod";
import type { RunId } from "../run_id.ts";
import type { Database } from "../database.ts";
import type { OperationError } from "../errors.ts";
import { templateSchema } from "../template/template_schema.ts";
import { type Caller, ownerOf } from "./caller.ts";
import { sweptSourceSchema } from "./data_source.ts";
import { operationErrorsSchema } from "./operation_errors.ts";
import { checkChoices, runPipelineSchema, toRow } from "./run_pipeline.ts";
import { type SweepState, sweepStateSchema } from "./sweep_state.ts";
import { untilOver, type WaitDependencies } from "./until_over.ts";

const {
  supabaseTable,
  config,
  batchMetadata,
  evaluators,
  evaluationWebhook,
  wait,
} = runPipelineSchema.shape;

const variantSchema = z.strictObject({
  name: z.string().min(1).optional().describe(
    "Default: its model, or else its endpoint",
  ),
  endpoint: z.string().min(1).optional(),
  model: z.string().min(1).optional(),
  parameters: z.record(z.string(), z.json()).optional().describe(
    "Added to config.parameters",
  ),
  template: templateSchema.optional(),
});

export const runSweepSchema = z.strictObject({
  name: z.string().min(1).describe("Its runs are <name>/<variant>"),
  dataSource: sweptSourceSchema,
  variants: z.array(variantSchema).min(1),
  endpoint: z.string().min(1).optional().describe("Of variants without one"),
  model: z.string().min(1).optional().describe("Of variants without one"),
  supabaseTable,
  config: config.describe("For each run; maxCost is for all of them together"),
  batchMetadata,
  evaluators,
  evaluationWebhook: evaluationWebhook.describe("Told once, at the end"),
  wait,
});

export const runSweepOutputSchema = z.object({
  sweepId: sweepStateSchema.shape.sweepId,
  status: sweepStateSchema.shape.status,
  runs: sweepStateSchema.shape.runs,
  summary: sweepStateSchema.optional().describe("With wait"),
  errors: operationErrorsSchema,
});

export type RunSweepOutput = z.output<typeof runSweepOutputSchema>;

export interface RunSweepDependencies
  extends Omit<WaitDependencies, "readRun"> {
  caller: Caller;
  database: Database;
  readSweep(sweepId: RunId): Promise<SweepState>;
  /** The same key within a week is the same sweep. */
  idempotencyKey?: string;
}

/**
 * Starts a sweep and answers at once, or with `wait` when it is over.
 *
 * @throws {PipelineError} `invalid_request`: what an insert into pipeline_sweeps would refuse;
 * `forbidden`: a user gives a number of workers; `conflict`: the idempotency key belongs to another request
 */
export async function runSweep(
  input: z.output<typeof runSweepSchema>,
  { caller, database, readSweep, idempotencyKey, clock, waitLimitMs }:
    RunSweepDependencies,
): Promise<RunSweepOutput> {
  checkChoices(input, caller);
  const { name, variants, wait, ...shared } = input;
  const { sweepId }: { sweepId: RunId } = await database.call(
    "pipeline_create_sweep",
    {
      sweep: {
        ...toRow(
          { ...shared, requestOptions: { headers: {}, retries: 0 } },
          shared.endpoint ?? null,
        ),
        name,
        variants,
      },
      owner: ownerOf(caller),
      idempotency_key: idempotencyKey ?? null,
    },
  );
  const state = wait === false ? await readSweep(sweepId) : await untilOver(
    sweepId,
    wait,
    { readRun: readSweep, clock, waitLimitMs },
  );
  const errors: OperationError[] = state.error
    ? [{ code: state.status, message: state.error, context: { sweepId } }]
    : [];
  return {
    sweepId,
    status: state.status,
    runs: state.runs,
    ...wait === false ? {} : { summary: state },
    errors,
  };
}
