import type * as z from "zod";
import { callPatiently, type Patience } from "../call_patiently.ts";
import type { Clock } from "../clock.ts";
import { type OperationError, PipelineError } from "../errors.ts";
import {
  createModelCaller,
  type ModelCallerDependencies,
} from "../model/call_model.ts";
import type { Message } from "../prompt.ts";
import { type TaskError, toSentence } from "../task_error.ts";
import type { Caller } from "./caller.ts";
import { toDirectEndpoint } from "./endpoint_choice.ts";
import type { Evaluation } from "./evaluation_record.ts";
import type {
  ExecuteBatchOutput,
  executeBatchSchema,
} from "./execute_batch_schema.ts";
import {
  notExecuted,
  type PromptObject,
  toEvaluation,
  toPromptObject,
} from "./to_evaluation.ts";

export interface ExecuteBatchDependencies {
  caller: Caller;
  model: ModelCallerDependencies;
  clock: Clock;
  /** From 0 to below 1. */
  random(): number;
  /** Told after each prompt that was answered or failed. */
  onResponse?(): void;
  /** Absent: as long and as many as it takes. */
  limits?: { milliseconds: number; prompts: number };
}

/** How often one prompt waits for a rate limit before that counts as its failure. */
const MOST_RESTS = 20;
/** How long all prompts wait after a rate limit. */
const LEAST_REST_MS = 250;

/**
 * Sends prompts to the model behind a URL and answers with one response each. Nothing is stored. A prompt that
 * fails does not stop the others, except where all would fail: after a refused key or an exhausted
 * quota nothing more is sent. A rate limit makes all calls wait.
 *
 * @throws {PipelineError} `too_large`: more prompts than a direct call may have; `forbidden`: a user
 * gives a URL
 */
export async function executeBatch(
  input: z.output<typeof executeBatchSchema>,
  dependencies: ExecuteBatchDependencies,
): Promise<ExecuteBatchOutput> {
  const { limits, clock, model, random } = dependencies;
  if (limits && input.prompts.length > limits.prompts) {
    throw new PipelineError(
      "too_large",
      `Cannot execute ${input.prompts.length} prompts in one call: at most ${limits.prompts}. Use run_pipeline, which has no such limit`,
    );
  }
  const endpoint = toDirectEndpoint(
    { ...input, modelEndpoint: input.modelEndpoint! },
    dependencies.caller,
  );
  const caller = createModelCaller(endpoint, model);
  const prompts = input.prompts.map(toPromptObject);
  const responses: Evaluation[] = new Array(prompts.length);
  const failures: TaskError[] = [];
  const deadline = new AbortController();
  const endsAt = limits ? clock.now() + limits.milliseconds : Infinity;
  const finished = new AbortController();
  if (limits) {
    clock.wait(limits.milliseconds, finished.signal)
      .then(() => deadline.abort(new Error("time limit")));
  }
  let next = 0;
  let stoppedBy: TaskError | undefined;
  let restUntil = 0;

  function errorOf(index: number, error: TaskError): OperationError {
    const batch = Math.floor(index / input.batchSize) + 1;
    const context = { prompt: index, batch };
    return { code: error.code, message: toSentence(error), context };
  }

  async function work() {
    while (next < prompts.length && !stoppedBy && !deadline.signal.aborted) {
      const index = next++;
      const { result, tries } = await callPatiently(
        () => callOnce(prompts[index]),
        patience,
      );
      if (!result.ok && deadline.signal.aborted) return;
      responses[index] = toEvaluation(prompts[index], result, {
        attempts: tries,
        now: clock.now(),
        model: input.model ?? endpoint.model,
      });
      dependencies.onResponse?.();
      if (!result.ok) {
        if (result.error.class === "stop") stoppedBy ??= result.error;
        failures[index] = result.error;
      }
    }
  }

  async function callOnce({ text, messages }: PromptObject) {
    await clock.wait(Math.max(0, restUntil - clock.now()), deadline.signal);
    return await caller.call({
      prompt: text,
      messages: messages as Message[] | undefined,
      parameters: input.parameters,
      signal: deadline.signal,
    });
  }

  const patience: Patience = {
    clock,
    signal: deadline.signal,
    // A wait beyond the end of the call is no wait: the caller learns why instead.
    endsAt,
    random,
    schedules: {
      rate: { retries: MOST_RESTS, firstMs: 1000, mostMs: 1000 },
      transient: {
        retries: input.requestOptions.retries,
        firstMs: 1000,
        mostMs: 30_000,
      },
    },
    onWait(kind, wait) {
      if (kind !== "rate") return;
      const rest = Math.max(wait, LEAST_REST_MS);
      restUntil = Math.max(restUntil, clock.now() + rest);
    },
  };

  const width = Math.min(input.maxConcurrency, prompts.length);
  await Promise.all(Array.from({ length: width }, work));
  finished.abort();

  // Only those that failed have a place in the list.
  const errors = failures.flatMap((error, index) => errorOf(index, error));
  const rest = prompts.flatMap((_, index) => responses[index] ? [] : [index]);
  const reason = stoppedBy
    ? `Not executed, because every call would fail: ${toSentence(stoppedBy)}`
    : "Not executed: the time of a direct call was up. Use run_pipeline, which has no such limit";
  for (const index of rest) {
    responses[index] = notExecuted(prompts[index], reason, clock.now());
  }
  if (rest.length > 0) {
    errors.push({
      code: stoppedBy ? "stopped" : "incomplete",
      message: `${rest.length} prompts: ${reason}`,
      context: { rest },
    });
  }
  const successful = responses.filter(({ success }) => success).length;
  return {
    responses,
    successful,
    failed: responses.length - successful,
    errors,
  };
}
