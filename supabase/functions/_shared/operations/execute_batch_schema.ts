import * as z from "zod";
import { endpointHeadersSchema } from "../model/endpoint.ts";
import { runStateSchema } from "./run_state.ts";
import { checkEndpointChoice, endpointChoice } from "./endpoint_choice.ts";
import { evaluationSchema } from "./evaluation_record.ts";
import { fewProblems } from "../few_problems.ts";
import { operationErrorsSchema } from "./operation_errors.ts";

export const promptObjectSchema = z.object({
  text: z.string().min(1),
  key: z.string().min(1).optional(),
  messages: z.array(fewProblems(z.strictObject({
    role: z.enum(["system", "user", "assistant"]),
    content: z.string(),
  }))).optional(),
  reference: z.string().optional(),
  passages: z.array(z.string()).optional(),
  source: z.record(z.string(), z.json()).optional(),
  metadata: z.record(z.string(), z.json()).optional(),
}).loose();

/** A prompt as `extract_prompts` gives it, an object with `text`, or the text itself. */
export const promptSchema = fewProblems(
  z.union([z.string().min(1), promptObjectSchema]),
);

export const requestOptionsSchema = z.strictObject({
  headers: endpointHeadersSchema.describe(
    "Sent with every call, credentials included; never stored in clear text",
  ),
  timeout: z.number().positive().max(350_000).optional().describe(
    "Limit of one call in ms; default 60000. A stored endpoint has timeout_seconds",
  ),
  retries: z.int().min(0).max(10).default(2).describe(
    "How often a call that failed in passing is repeated",
  ),
});

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
}).superRefine((input, context) => {
  checkEndpointChoice(input, context);
  if (input.endpoint === undefined) return;
  if (input.requestOptions.timeout === undefined) return;
  context.addIssue({
    code: "custom",
    path: ["requestOptions", "timeout"],
    message: "a stored endpoint has its own: model_endpoints.timeout_seconds",
  });
});

export type ExecuteBatchInput = z.input<typeof executeBatchSchema>;

const count = z.int().nonnegative();

export const executeBatchOutputSchema = z.object({
  runId: runStateSchema.shape.runId.optional().describe(
    "The run that called a stored endpoint",
  ),
  status: runStateSchema.shape.status.optional().describe(
    "queued or running, with status 202: it goes on, and its answers will be in prompt_evaluations",
  ),
  responses: z.array(evaluationSchema).describe(
    "One per prompt, in the order of the input",
  ),
  successful: count,
  failed: count,
  errors: operationErrorsSchema,
});

export type ExecuteBatchOutput = z.output<typeof executeBatchOutputSchema>;
