import * as z from "zod";
import { fewProblems } from "../few_problems.ts";
import { runIdSchema } from "../run_id.ts";

const whole = z.int().nonnegative().nullish();

/** A row of prompt_evaluations as it travels: what execute_batch answers and store_results takes. */
export const evaluationSchema = fewProblems(z.strictObject({
  prompt: z.string().min(1),
  promptKey: z.string().min(1).nullish(),
  runId: runIdSchema.nullish().describe(
    "The run that it belongs to; its rows are stored once",
  ),
  repetition: z.int().positive().nullish().describe(
    "Which answer of its run to the same prompt; default: by its place",
  ),
  response: z.string().nullish(),
  toolCalls: z.array(
    fewProblems(z.strictObject({ name: z.string(), arguments: z.unknown() })),
  ).nullish().describe("What the model asked to call, beside its words"),
  success: z.boolean(),
  error: z.string().nullish(),
  model: z.string().nullish(),
  timestamp: z.iso.datetime({ offset: true }).nullish(),
  durationMs: whole.describe(
    "From sending the request to the last byte of the answer",
  ),
  tokensUsed: whole,
  inputTokens: whole,
  outputTokens: whole,
  cachedInputTokens: whole.describe("Of the input: read from a cache"),
  cacheWriteTokens: whole.describe("Of the input: written to a cache"),
  reasoningTokens: whole.describe("Of the output: hidden reasoning"),
  cost: z.number().nonnegative().nullish().describe("USD"),
  finishReason: z.string().nullish(),
  attempts: whole,
  reference: z.string().nullish(),
  passages: z.array(z.string()).nullish().describe(
    "What a retriever found for the prompt, the best first",
  ),
  source: z.record(z.string(), z.json()).nullish(),
  metadata: z.record(z.string(), z.json()).nullish(),
}));

export type Evaluation = z.output<typeof evaluationSchema>;
