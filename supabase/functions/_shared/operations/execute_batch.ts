import { z } from "zod";
import { type OperationError, PipelineError } from "../errors.ts";
import {
  createModelCaller,
  type ModelCallerDependencies,
} from "../model/call_model.ts";
import { type Endpoint, endpointSchema } from "../model/endpoint.ts";
import type { ModelError, ModelResult } from "../model/model_result.ts";
import { MODEL_FORMAT_NAMES } from "../model/model_format.ts";
import type { Message } from "../prompt.ts";
import type { Clock } from "../clock.ts";
import type { Caller } from "./caller.ts";
import type { Evaluation } from "./evaluation_record.ts";

/** A prompt as `extract_prompts` gives it, an object with `text`, or the text itself. */
export const promptSchema = z.union([
  z.string().min(1),
  z.object({
    text: z.string().min(1),
    key: z.string().min(1).optional(),
    messages: z.array(z.strictObject({
      role: z.enum(["system", "user", "assistant"]),
      content: z.string(),
    })).optional(),
    reference: z.string().optional(),
    source: z.record(z.string(), z.json()).optional(),
    metadata: z.record(z.string(), z.json()).optional(),
  }).loose(),
]);

export const requestOptionsSchema = z.strictObject({
  headers: endpointSchema.shape.headers.describe(
    "Sent with every call, credentials included; never stored in clear text",
  ),
  timeout: z.number().positive().max(350_000).optional().describe(
    "Limit of one call in milliseconds; default 60000",
  ),
  retries: z.int().min(0).max(10).default(2).describe(
    "How often a call that failed in passing is repeated",
  ),
});

/** Where the calls go: a URL, or the name of a row of model_endpoints. */
export const endpointChoice = {
  modelEndpoint: endpointSchema.shape.url.optional().describe(
    "URL of the model API; service only",
  ),
  endpoint: z.string().min(1).optional().describe(
    "Name of a row of model_endpoints",
  ),
  model: z.string().min(1).optional(),
  format: z.enum(MODEL_FORMAT_NAMES).optional().describe(
    "Guessed from the URL when absent",
  ),
};

/** Refuses both or none of the two ways to name an endpoint. */
export function checkEndpointChoice(
  { modelEndpoint, endpoint }: { modelEndpoint?: string; endpoint?: string },
  context: z.RefinementCtx,
): void {
  if ((modelEndpoint === undefined) !== (endpoint === undefined)) return;
  context.addIssue({
    code: "custom",
    path: ["modelEndpoint"],
    message:
      "give either modelEndpoint, the URL of a model API, or endpoint, the name of a row of model_endpoints",
  });
}

export const executeBatchSchema = z.strictObject({
  prompts: z.array(promptSchema),
  ...endpointChoice,
  parameters: z.record(z.string(), z.json()).default({}).describe(
    "temperature, maxTokens, systemPrompt …, see docs/endpoints.md",
  ),
  batchSize: z.int().positive().default(20).describe(
    "Prompts that errors number as one batch; there is no pause between batches",
  ),
  maxConcurrency: z.int().positive().max(500).default(10),
  requestOptions: requestOptionsSchema.default({ headers: {}, retries: 2 }),
}).superRefine(checkEndpointChoice);

export type ExecuteBatchInput = z.input<typeof executeBatchSchema>;

export interface ExecuteBatchOutput {
  /** One per prompt, in the order of the input. */
  responses: Evaluation[];
  successful: number;
  failed: number;
  errors: OperationError[];
}

export interface ExecuteBatchDependencies {
  caller: Caller;
  /** An endpoint by name; null: there is none that the caller may use. */
  readEndpoint(name: string): Promise<NamedEndpoint | null>;
  model: ModelCallerDependencies;
  clock: Clock;
  /** From 0 to below 1. */
  random(): number;
  /** Told after each prompt that was answered or failed. */
  onResponse?(): void;
  /** Absent: as long and as many as it takes. */
  limits?: { milliseconds: number; prompts: number };
}

export interface NamedEndpoint extends Endpoint {
  maxConcurrency: number | null;
}

const MOST_BACKOFF_MS = 30_000;
/** How often one prompt waits for a rate limit before that counts as its failure. */
const MOST_RESTS = 20;

/**
 * Sends prompts to a model and answers with one response each. Nothing is stored. A prompt that
 * fails does not stop the others, except where all would fail: after a refused key or an exhausted
 * quota nothing more is sent. A rate limit makes all calls wait.
 *
 * @throws {PipelineError} `too_large`: more prompts than a direct call may have; `forbidden`: a user
 * gives a URL; `not_found`: no such endpoint
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
  const endpoint = await chooseEndpoint(input, dependencies);
  const caller = createModelCaller(endpoint, model);
  const prompts = input.prompts.map(toPromptObject);
  const responses: Evaluation[] = new Array(prompts.length);
  const errors: OperationError[] = [];
  const deadline = new AbortController();
  const endsAt = limits ? clock.now() + limits.milliseconds : Infinity;
  const finished = new AbortController();
  if (limits) {
    clock.wait(limits.milliseconds, finished.signal)
      .then(() => deadline.abort(new Error("time limit")));
  }
  let next = 0;
  let stoppedBy: ModelError | undefined;
  let restUntil = 0;

  function errorOf(index: number, code: string, message: string) {
    const context = {
      prompt: index,
      batch: Math.floor(index / input.batchSize) + 1,
    };
    return { code, message, context };
  }

  async function work() {
    while (next < prompts.length && !stoppedBy && !deadline.signal.aborted) {
      const index = next++;
      const { result, attempts } = await callPatiently(prompts[index]);
      if (result === undefined) return;
      responses[index] = toEvaluation(prompts[index], result, {
        attempts,
        now: clock.now(),
        model: input.model ?? endpoint.model,
      });
      dependencies.onResponse?.();
      if (!result.ok) {
        if (result.error.class === "stop") stoppedBy ??= result.error;
        errors.push(errorOf(index, result.error.code, result.error.message));
      }
    }
  }

  /** One prompt with its retries; no result when the time was up before it could be answered. */
  async function callPatiently(
    prompt: PromptObject,
  ): Promise<{ result?: ModelResult; attempts: number }> {
    let rests = 0;
    for (let attempts = 1;; attempts++) {
      await clock.wait(
        Math.max(0, restUntil - clock.now()),
        deadline.signal,
      );
      if (deadline.signal.aborted) return { attempts };
      const result = await caller.call({
        prompt: prompt.text,
        messages: prompt.messages as Message[] | undefined,
        parameters: input.parameters,
        signal: deadline.signal,
      });
      if (result.ok) return { result, attempts };
      if (deadline.signal.aborted) return { attempts };
      const { class: kind, retryAfterMs } = result.error;
      const backoff = Math.min(MOST_BACKOFF_MS, 500 * 2 ** attempts);
      const pause = retryAfterMs ?? backoff * random();
      const mayRetry = (kind === "rate" && rests++ < MOST_RESTS) ||
        (kind === "transient" && attempts <= input.requestOptions.retries);
      // A wait beyond the end of the call is no wait: the caller learns why instead.
      if (!mayRetry || clock.now() + pause >= endsAt) {
        return { result, attempts };
      }
      if (kind === "rate") {
        restUntil = Math.max(restUntil, clock.now() + Math.max(pause, 250));
        attempts--;
      } else await clock.wait(pause, deadline.signal);
    }
  }

  const width = Math.min(
    input.maxConcurrency,
    endpoint.maxConcurrency ?? Infinity,
    prompts.length,
  );
  await Promise.all(Array.from({ length: width }, work));
  finished.abort();

  const rest = prompts.flatMap((_, index) => responses[index] ? [] : [index]);
  const reason = stoppedBy
    ? `Not executed, because every call would fail: ${stoppedBy.message}`
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
  errors.sort((a, b) => promptOf(a) - promptOf(b));
  const successful = responses.filter(({ success }) => success).length;
  return {
    responses,
    successful,
    failed: responses.length - successful,
    errors,
  };
}

type PromptObject = Exclude<z.output<typeof promptSchema>, string>;

function toPromptObject(prompt: z.output<typeof promptSchema>): PromptObject {
  return typeof prompt === "string" ? { text: prompt } : prompt;
}

function promptOf({ context }: OperationError): number {
  return typeof context?.prompt === "number" ? context.prompt : Infinity;
}

async function chooseEndpoint(
  input: z.output<typeof executeBatchSchema>,
  { caller, readEndpoint }: ExecuteBatchDependencies,
): Promise<NamedEndpoint> {
  const { headers, timeout } = input.requestOptions;
  if (input.modelEndpoint !== undefined) {
    if (caller.kind === "user") {
      throw new PipelineError(
        "forbidden",
        "Cannot call modelEndpoint: users may only call an endpoint that is open to them, by its name in endpoint",
      );
    }
    return {
      name: new URL(input.modelEndpoint).host,
      url: input.modelEndpoint,
      format: input.format,
      model: input.model,
      headers,
      timeoutSeconds: (timeout ?? 60_000) / 1000,
      maxConcurrency: null,
    };
  }
  const endpoint = await readEndpoint(input.endpoint!);
  if (!endpoint) {
    throw new PipelineError(
      "not_found",
      `Cannot find endpoint "${input.endpoint}": choose one of model_endpoints`,
    );
  }
  if (caller.kind === "user") checkHeadersOfUser(headers, endpoint.headers);
  return {
    ...endpoint,
    model: input.model ?? endpoint.model,
    format: input.format ?? endpoint.format,
    headers: { ...endpoint.headers, ...headers },
    timeoutSeconds: timeout === undefined
      ? endpoint.timeoutSeconds
      : timeout / 1000,
  };
}

/**
 * The rules that check_run() has for the runs of users: a placeholder would send them any secret of
 * Vault, and a gateway that takes the address to call from a header would send the endpoint's key.
 */
function checkHeadersOfUser(
  given: Record<string, string>,
  declared: Record<string, string>,
): void {
  const names = Object.keys(declared).map((name) => name.toLowerCase());
  for (const [name, value] of Object.entries(given)) {
    if (!value.includes("{{") && !names.includes(name.toLowerCase())) continue;
    throw new PipelineError(
      "forbidden",
      `Cannot send header "${name}": users can neither use secrets nor replace headers that the endpoint sets`,
    );
  }
}

function toEvaluation(
  prompt: PromptObject,
  result: ModelResult,
  { attempts, now, model }: {
    attempts: number;
    now: number;
    model: string | null | undefined;
  },
): Evaluation {
  const tokens = result.inputTokens === undefined &&
      result.outputTokens === undefined
    ? undefined
    : (result.inputTokens ?? 0) + (result.outputTokens ?? 0);
  return {
    ...identityOf(prompt),
    response: result.ok ? result.text : null,
    success: result.ok,
    error: result.ok ? null : result.error.message,
    model: result.model ?? model ?? null,
    timestamp: new Date(now).toISOString(),
    durationMs: Math.round(result.durationMs),
    tokensUsed: tokens,
    inputTokens: result.inputTokens,
    outputTokens: result.outputTokens,
    finishReason: result.ok ? result.finishReason : undefined,
    attempts,
    metadata: {
      ...prompt.metadata,
      ...result.ok
        ? {}
        : { errorClass: result.error.class, errorCode: result.error.code },
    },
  };
}

function notExecuted(
  prompt: PromptObject,
  error: string,
  now: number,
): Evaluation {
  return {
    ...identityOf(prompt),
    response: null,
    success: false,
    error,
    model: null,
    timestamp: new Date(now).toISOString(),
    metadata: { ...prompt.metadata, errorCode: "not_executed" },
  };
}

function identityOf({ text, key, reference, source }: PromptObject) {
  return { prompt: text, promptKey: key, reference, source };
}
