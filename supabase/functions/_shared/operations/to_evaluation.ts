import type * as z from "zod";
import type { ModelResult } from "../model/model_result.ts";
import { toSentence } from "../task_error.ts";
import type { Evaluation } from "./evaluation_record.ts";
import type { promptSchema } from "./execute_batch_schema.ts";

export type PromptObject = Exclude<z.output<typeof promptSchema>, string>;

export function toPromptObject(
  prompt: z.output<typeof promptSchema>,
): PromptObject {
  return typeof prompt === "string" ? { text: prompt } : prompt;
}

/** The record of a prompt that was answered or failed. */
export function toEvaluation(
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
    toolCalls: result.ok ? result.toolCalls : undefined,
    success: result.ok,
    error: result.ok ? null : toSentence(result.error),
    model: result.model ?? model ?? null,
    timestamp: new Date(now).toISOString(),
    durationMs: Math.round(result.durationMs),
    tokensUsed: tokens,
    inputTokens: result.inputTokens,
    outputTokens: result.outputTokens,
    cachedInputTokens: result.cachedInputTokens,
    cacheWriteTokens: result.cacheWriteTokens,
    reasoningTokens: result.reasoningTokens,
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

/** The record of a prompt that was not sent. */
export function notExecuted(
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

function identityOf({ text, key, reference, passages, source }: PromptObject) {
  return { prompt: text, promptKey: key, reference, passages, source };
}
