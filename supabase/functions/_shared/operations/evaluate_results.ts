import * as z from "zod";
import type { Database } from "../database.ts";
import { type OperationError, PipelineError } from "../errors.ts";
import { evaluatorsSchema, nameOf } from "../evaluation/evaluator_schema.ts";
import { type Caller, ownerOf } from "./caller.ts";
import { operationErrorsSchema } from "./operation_errors.ts";
import { runIdSchema } from "../run_id.ts";
import { type RunState, runStateSchema } from "./run_state.ts";
import { untilOver, type WaitDependencies } from "./until_over.ts";

export const evaluateResultsSchema = z.strictObject({
  runId: runIdSchema.optional(),
  experimentName: z.string().min(1).optional(),
  evaluators: evaluatorsSchema.min(1),
  supabaseTable: z.string().min(1).default("prompt_evaluations"),
  wait: z.union([z.boolean(), z.number().positive()]).default(true).describe(
    "true or a number of seconds: answer when all is evaluated, or with what there is when the time is up",
  ),
}).refine(
  ({ runId, experimentName }) =>
    (runId === undefined) !== (experimentName === undefined),
  { path: ["runId"], message: "give either runId or experimentName" },
);

const summarySchema = z.object({
  evaluator: z.string(),
  scored: z.int(),
  errors: z.int(),
  scoreMean: z.number().nullable(),
  passed: z.int(),
  passRate: z.number().nullable(),
});
const scoreSchema = z.object({
  evaluationId: z.int(),
  evaluator: z.string(),
  score: z.number().nullable(),
  passed: z.boolean().nullable(),
  category: z.string().nullable(),
  explanation: z.string().nullable(),
  error: z.string().nullable(),
});

export const evaluateResultsOutputSchema = z.object({
  evaluationRunId: z.int().describe("The run that evaluates"),
  status: runStateSchema.shape.status,
  summary: z.array(summarySchema),
  scores: z.array(scoreSchema).describe(
    "The first 1,000; all are in evaluation_scores",
  ),
  errors: operationErrorsSchema,
});

export type EvaluateResultsOutput = z.output<
  typeof evaluateResultsOutputSchema
>;

export interface EvaluateResultsDependencies extends WaitDependencies {
  caller: Caller;
  database: Database;
}

/**
 * Scores what a run or an experiment has stored, by a run of its own, and answers with the scores.
 *
 * @throws {PipelineError} `not_found`: no such run, or another user's; `invalid_request`: evaluators
 * or table are wrong
 */
export async function evaluateResults(
  input: z.output<typeof evaluateResultsSchema>,
  dependencies: EvaluateResultsDependencies,
): Promise<EvaluateResultsOutput> {
  const { caller, database, readRun } = dependencies;
  const owner = ownerOf(caller);
  const columns = owner === null ? {} : { owner };
  const { runId, experimentName, evaluators, supabaseTable } = input;
  if (runId !== undefined) await expectOver(await readRun(runId));
  const evaluationRunId: number = runId === undefined
    ? await database.call("evaluate_experiment", {
      experiment_name: experimentName!,
      evaluators,
      results_table: supabaseTable,
      columns,
    }) as number
    : await database.call("evaluate_pipeline_run", {
      run_id: runId as number,
      evaluators,
      columns,
    }) as number;
  const state = input.wait === false
    ? await readRun(evaluationRunId)
    : await untilOver(evaluationRunId, input.wait, dependencies);
  const { summary, scores }: Pick<EvaluateResultsOutput, "summary" | "scores"> =
    await database.call("pipeline_read_scores", {
      results_table: supabaseTable,
      run_id: runId as number ?? null,
      experiment: experimentName ?? null,
      evaluators: evaluators.map(nameOf),
      owner,
    });
  return {
    evaluationRunId,
    status: state.status,
    summary,
    scores,
    errors: toErrors(state, scores),
  };
}

function expectOver({ runId, status }: RunState): void {
  if (status !== "queued" && status !== "running") return;
  throw new PipelineError(
    "invalid_request",
    `Cannot evaluate run ${runId}: it is still ${status}. Wait until it is over`,
  );
}

function toErrors(
  { runId, status, error }: RunState,
  scores: EvaluateResultsOutput["scores"],
): OperationError[] {
  const errors: OperationError[] = error
    ? [{ code: status, message: error, context: { runId } }]
    : [];
  if (status === "queued" || status === "running") {
    errors.push({
      code: "incomplete",
      message:
        `Not all is evaluated yet: run ${runId} goes on, ask again when it is over`,
      context: { runId },
    });
  }
  for (const { evaluationId, evaluator, error } of scores) {
    if (error === null) continue;
    errors.push({
      code: "not_scored",
      message: error,
      context: { evaluationId, evaluator },
    });
  }
  return errors;
}
