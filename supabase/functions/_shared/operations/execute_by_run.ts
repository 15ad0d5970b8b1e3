import type * as z from "zod";
import { PipelineError } from "../errors.ts";
import { type Evaluation, evaluationSchema } from "./evaluation_record.ts";
import type {
  ExecuteBatchOutput,
  executeBatchSchema,
} from "./execute_batch_schema.ts";
import {
  runPipeline,
  type RunPipelineDependencies,
  runPipelineSchema,
} from "./run_pipeline.ts";
import type { RunState } from "./run_state.ts";
import { notExecuted, toPromptObject } from "./to_evaluation.ts";

/** What one answer is read in at most. */
const PAGE = 1_000;

/**
 * Sends prompts to a stored endpoint by a run, so that its limits, its prices and the quotas of who
 * asks hold, and waits for it as long as a direct call may take. The answers stay in
 * prompt_evaluations.
 *
 * @throws {PipelineError} `too_large`: more prompts than a direct call may have; `not_found`: no such
 * endpoint; `invalid_request`, `quota_exceeded`: what an insert into pipeline_runs would refuse
 */
export async function executeByRun(
  input: z.output<typeof executeBatchSchema>,
  dependencies: Omit<RunPipelineDependencies, "readFailures"> & {
    readEndpoint(name: string): Promise<unknown>;
    onResponse?(): void;
    limits?: { prompts: number };
  },
): Promise<ExecuteBatchOutput> {
  const { clock, database, limits, onResponse, readEndpoint } = dependencies;
  if (limits && input.prompts.length > limits.prompts) {
    throw new PipelineError(
      "too_large",
      `Cannot execute ${input.prompts.length} prompts in one call: at most ${limits.prompts}. Use run_pipeline, which has no such limit`,
    );
  }
  if (!await readEndpoint(input.endpoint!)) {
    throw new PipelineError(
      "not_found",
      `Cannot find endpoint "${input.endpoint}": choose one of model_endpoints`,
    );
  }
  const { runId, status, summary, errors } = await runPipeline(
    runPipelineSchema.parse({
      dataSource: { type: "prompts", prompts: input.prompts },
      endpoint: input.endpoint,
      model: input.model,
      requestOptions: { headers: input.requestOptions.headers },
      config: {
        parameters: input.parameters,
        maxConcurrency: input.maxConcurrency,
        maxAttempts: input.requestOptions.retries + 1,
      },
      wait: true,
    }),
    // Told below, prompt by prompt.
    { ...dependencies, readFailures: () => Promise.resolve([]) },
  );
  const answers = new Map<number, Evaluation>();
  for (let after = 0;;) {
    const page: { position: number; answer: unknown }[] = await database.call(
      "pipeline_read_answers",
      { run_id: runId as number, after, most: PAGE },
    );
    for (const { position, answer } of page) {
      answers.set(position - 1, evaluationSchema.parse(answer));
      onResponse?.();
    }
    if (page.length < PAGE) break;
    after = page[page.length - 1].position;
  }
  const reason = toReason(summary!);
  const prompts = input.prompts.map(toPromptObject);
  const responses = prompts.map((prompt, index) =>
    answers.get(index) ?? notExecuted(prompt, reason, clock.now())
  );
  for (const [index, { error }] of responses.entries()) {
    if (!error || !answers.has(index)) continue;
    const batch = Math.floor(index / input.batchSize) + 1;
    const context = { prompt: index, batch };
    errors.push({ code: "not_answered", message: error, context });
  }
  const rest = prompts.flatMap((_, index) => answers.has(index) ? [] : [index]);
  if (rest.length > 0) {
    errors.push({
      code: "incomplete",
      message: `${rest.length} prompts: ${reason}`,
      context: { rest, runId },
    });
  }
  const successful = responses.filter(({ success }) => success).length;
  return {
    runId,
    status,
    responses,
    successful,
    failed: responses.length - successful,
    errors,
  };
}

function toReason({ runId, status, error }: RunState): string {
  if (status === "queued" || status === "running") {
    return `Not answered yet: run ${runId} goes on, its answers will be in prompt_evaluations`;
  }
  return error
    ? `Not executed: ${error}`
    : `Not executed: see pipeline_errors of run ${runId}`;
}
