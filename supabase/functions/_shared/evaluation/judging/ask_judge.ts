import { z } from "zod";
import { toSentence } from "../../task_error.ts";
import { CallFailure } from "../call_failure.ts";
import type { EvaluationContext } from "../evaluator.ts";
import { clip } from "../text/clip.ts";
import { stripCodeFence } from "../text/code_fence.ts";
import type { Judge } from "./judge_fields.ts";

/**
 * Asks a judge one question and reads its answer, JSON alone or in a code block.
 *
 * @throws {CallFailure} when the call failed, or the answer is not what the schema says.
 */
export async function askJudge<Answer>(
  { endpoint, model, parameters }: Judge,
  prompt: string,
  answerSchema: z.ZodType<Answer>,
  context: EvaluationContext,
): Promise<Answer> {
  const result = await context.judge({ endpoint, model, prompt, parameters });
  if (!result.ok) {
    throw new CallFailure(
      `Cannot score: the judge failed: ${toSentence(result.error)}`,
      result.error,
    );
  }
  const parsed = answerSchema.safeParse(parseAnswer(result.text));
  if (parsed.success) return parsed.data;
  const cut = result.finishReason === "length"
    ? "; it was cut off: raise maxTokens in parameters"
    : "";
  throw new CallFailure(
    `Cannot score: the judge at "${endpoint}" did not answer in the form it was asked for${cut}: ${
      z.prettifyError(parsed.error).replace(/\s+/g, " ")
    }; it said: ${clip(result.text, 300)}`,
  );
}

function parseAnswer(text: string): unknown {
  try {
    return JSON.parse(stripCodeFence(text));
  } catch {
    return undefined; // the schema refuses it, and the error quotes the text
  }
}
