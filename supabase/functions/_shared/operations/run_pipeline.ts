import * as z from "zod";
import type { RunId } from "../run_id.ts";
import { extractOptionsSchema } from "../archive/options.ts";
import { templateSchema } from "../template/template_schema.ts";
import type { Database } from "../database.ts";
import { type OperationError, PipelineError } from "../errors.ts";
import { evaluatorsSchema } from "../evaluation/evaluator_schema.ts";
import { type Caller, ownerOf } from "./caller.ts";
import { dataSourceSchema } from "./data_source.ts";
import { checkEndpointChoice, endpointChoice } from "./endpoint_choice.ts";
import { requestOptionsSchema } from "./execute_batch_schema.ts";
import { operationErrorsSchema } from "./operation_errors.ts";
import { runStateSchema } from "./run_state.ts";
import { untilOver, type WaitDependencies } from "./until_over.ts";
import { batchMetadataSchema } from "./store_results.ts";
import { longestCall } from "../worker_facts.ts";

const positive = z.int().positive();

export const repetitionsSchema = positive.max(100).optional().describe(
  "How often each prompt is asked; default 1",
);

const runConfigSchema = extractOptionsSchema.omit({
  maxPrompts: true,
  variables: true,
}).partial().extend({
  extractMaxPrompts: positive.optional(),
  batchSize: positive.optional().describe(
    "Of the original tool; the queue finds out by itself how many prompts to hold",
  ),
  maxConcurrency: positive.optional(),
  maxWorkers: positive.max(50).optional(),
  maxAttempts: positive.max(20).optional(),
  maxCost: z.number().positive().optional().describe("USD"),
  maxWaitSeconds: positive.optional(),
  promptDeadlineSeconds: positive.optional(),
  deadlineAt: z.iso.datetime({ offset: true }).optional(),
  parameters: z.record(z.string(), z.json()).optional(),
  template: templateSchema.optional(),
  repetitions: repetitionsSchema,
  cache: z.boolean().optional(),
  keepBody: z.boolean().optional(),
  join: z.boolean().optional().describe(
    "Add to an experiment that has results already; without it its name is refused",
  ),
});

export const runPipelineSchema = z.strictObject({
  dataSource: dataSourceSchema,
  ...endpointChoice,
  requestOptions: requestOptionsSchema.default({ headers: {}, retries: 2 }),
  supabaseTable: z.string().min(1).default("prompt_evaluations"),
  config: runConfigSchema.default({}),
  batchMetadata: batchMetadataSchema.default({}),
  evaluators: evaluatorsSchema.optional(),
  evaluationWebhook: z.url().optional(),
  wait: z.union([z.boolean(), z.number().positive()]).default(false).describe(
    "true or seconds: answer when the run is over, or its state when the time is up",
  ),
}).superRefine((input, context) => {
  checkEndpointChoice(input, context);
  if (!input.modelEndpoint || !URL.canParse(input.modelEndpoint)) return;
  for (const name of new URL(input.modelEndpoint).searchParams.keys()) {
    if (!/key|token|secret|sig|password/i.test(name)) continue;
    context.addIssue({
      code: "custom",
      path: ["modelEndpoint"],
      message:
        `"${name}" looks like a credential: write it in requestOptions.headers`,
    });
  }
});

export type RunPipelineInput = z.input<typeof runPipelineSchema>;
export type RunPipelineRequest = z.output<typeof runPipelineSchema>;

export const runPipelineOutputSchema = z.object({
  runId: runStateSchema.shape.runId,
  status: runStateSchema.shape.status,
  summary: runStateSchema.optional().describe("With wait"),
  errors: operationErrorsSchema,
});

export type RunPipelineOutput = z.output<typeof runPipelineOutputSchema>;

export interface RunPipelineDependencies extends WaitDependencies {
  caller: Caller;
  database: Database;
  /** Why prompts of a run have failed for good, one error for each cause. */
  readFailures(runId: number): Promise<OperationError[]>;
  /** The same key within a week is the same run. */
  idempotencyKey?: string;
  /** Begins to work on a new run at once; without it the run's wake does. */
  beginRun?(runId: RunId): void;
}

/**
 * Starts a run and answers at once, or with `wait` when it is over.
 *
 * @throws {PipelineError} `invalid_request`: what an insert into pipeline_runs would refuse;
 * `forbidden`: a user gives a URL or a number of workers; `conflict`: the idempotency key belongs to another request
 */
export async function runPipeline(
  input: RunPipelineRequest,
  dependencies: RunPipelineDependencies,
): Promise<RunPipelineOutput> {
  const { caller, database, readRun, readFailures, idempotencyKey } =
    dependencies;
  checkChoices(input, caller);
  const endpoint = input.endpoint ?? await ensureEndpoint(input, dependencies);
  const { runId }: { runId: RunId } = await database.call(
    "pipeline_create_run",
    {
      run: toRow(input, endpoint),
      owner: ownerOf(caller),
      idempotency_key: idempotencyKey ?? null,
    },
  );
  dependencies.beginRun?.(runId);
  const state = input.wait === false
    ? await readRun(runId)
    : await untilOver(runId, input.wait, dependencies);
  const errors: OperationError[] = state.error
    ? [{ code: state.status, message: state.error, context: { runId } }]
    : [];
  if (input.wait !== false && state.failed > 0) {
    errors.push(...await readFailures(runId as number));
  }
  return {
    runId,
    status: state.status,
    ...input.wait === false ? {} : { summary: state },
    errors,
  };
}

/**
 * Refuses what a run, or a sweep, cannot have over HTTP.
 *
 * @throws {PipelineError} `invalid_request`: a local directory; `forbidden`: a user's number of workers
 */
export function checkChoices(
  { dataSource, config }: Pick<RunPipelineRequest, "dataSource" | "config">,
  caller: Caller,
): void {
  if (dataSource.type === "local") {
    throw new PipelineError(
      "invalid_request",
      "Cannot read a local directory over HTTP: upload it with deno task pipeline upload, or use the tool in scripts/tool.ts",
    );
  }
  if (caller.kind === "user" && config.maxWorkers !== undefined) {
    throw new PipelineError(
      "forbidden",
      "Cannot start run: users cannot choose config.maxWorkers",
    );
  }
}

function ensureEndpoint(
  { modelEndpoint, format, model, requestOptions }: RunPipelineRequest,
  { caller, database, waitLimitMs }: RunPipelineDependencies,
): Promise<string> {
  const seconds = requestOptions.timeout && requestOptions.timeout / 1000;
  const most = longestCall(waitLimitMs / 1000);
  // Without a limit the workers are elsewhere, and nothing is known of them.
  if (seconds && Number.isFinite(most) && seconds > most) {
    throw new PipelineError(
      "invalid_request",
      `Cannot start run: requestOptions.timeout is ${seconds} s, and a call has ${most} s before its isolate ends. Give less; paid plans have more, and say so by WORKER_SECONDS`,
    );
  }
  if (caller.kind === "user") {
    throw new PipelineError(
      "forbidden",
      "Cannot call modelEndpoint: users may only run endpoints that are open to them, by their name in endpoint",
    );
  }
  return database.call("pipeline_ensure_endpoint", {
    url: modelEndpoint!,
    format: format ?? null,
    model: model ?? null,
    headers: requestOptions.headers,
    timeout_seconds: seconds ?? null,
  });
}

/** The columns of pipeline_runs, and as far as it has them of pipeline_sweeps. */
export function toRow(
  input: Omit<RunPipelineRequest, "wait">,
  endpoint: string | null,
) {
  const { experimentName, modelName, tags, ...metadata } = input.batchMetadata;
  const {
    extractMaxPrompts,
    batchSize: _,
    maxConcurrency,
    maxWorkers,
    maxAttempts,
    maxCost,
    maxWaitSeconds,
    promptDeadlineSeconds,
    deadlineAt,
    parameters,
    template,
    repetitions,
    ...options
  } = input.config;
  const named = input.endpoint !== undefined;
  const { headers } = input.requestOptions;
  return {
    source: input.dataSource,
    endpoint,
    model: input.model ?? modelName ?? null,
    experiment_name: experimentName ?? null,
    tags: tags ?? null,
    metadata,
    parameters: parameters ?? null,
    template: template ?? null,
    repetitions: repetitions ?? null,
    options: {
      ...withoutDefaults(options),
      ...named && Object.keys(headers).length > 0 ? { headers } : {},
    },
    results_table: input.supabaseTable,
    evaluators: input.evaluators ?? null,
    evaluation_webhook: input.evaluationWebhook ?? null,
    max_prompts: extractMaxPrompts ?? null,
    max_concurrency: maxConcurrency ?? null,
    max_workers: maxWorkers ?? null,
    max_attempts: maxAttempts ?? null,
    max_cost: maxCost ?? null,
    max_wait_seconds: maxWaitSeconds ?? null,
    prompt_deadline_seconds: promptDeadlineSeconds ?? null,
    deadline_at: deadlineAt ?? null,
  };
}

const DEFAULTS: Record<string, unknown> = extractOptionsSchema.parse({});

/** What the caller chose, so that the row of the run shows nothing else. */
function withoutDefaults(options: Record<string, unknown>) {
  return Object.fromEntries(
    Object.entries(options).filter(([name, value]) =>
      JSON.stringify(value) !== JSON.stringify(DEFAULTS[name])
    ),
  );
}
