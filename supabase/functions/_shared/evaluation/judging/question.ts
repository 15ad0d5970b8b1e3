import * as z from "zod";
import type { FinishReason } from "../../model/model_result.ts";
import { toStorableVerdict, type Verdict } from "../score.ts";
import { clip } from "../text/clip.ts";
import { stripCodeFence } from "../text/code_fence.ts";
import type { Judge } from "./judge_fields.ts";

/** One question to a judge: one call, whose answer is one vote on the score of a row. */
export interface Question {
  judge: Judge;
  prompt: string;
  /** The vote of an answer; its `error` says why the answer cannot be read. */
  read(answer: JudgeAnswer): Verdict;
}

export interface JudgeAnswer {
  text: string;
  finishReason: FinishReason;
}

/** Asks for JSON of this schema, alone or in a code block. */
export function createQuestion<Answer>(
  { judge: { endpoint, model, parameters }, prompt, answerSchema, toVerdict }: {
    judge: Judge;
    prompt: string;
    answerSchema: z.ZodType<Answer>;
    toVerdict(answer: Answer): Verdict;
  },
): Question {
  return {
    judge: { endpoint, model, parameters },
    prompt,
    read({ text, finishReason }) {
      const parsed = answerSchema.safeParse(parseAnswer(text));
      if (parsed.success) return toStorableVerdict(toVerdict(parsed.data));
      const cut = finishReason === "length"
        ? "; it was cut off: raise maxTokens in parameters"
        : "";
      return toStorableVerdict({
        error:
          `Cannot score: the judge at "${endpoint}" did not answer in the form it was asked for${cut}: ${
            z.prettifyError(parsed.error).replace(/\s+/g, " ")
          }; it said: ${clip(text, 300)}`,
      });
    },
  };
}

function parseAnswer(text: string): unknown {
  try {
    return JSON.parse(stripCodeFence(text));
  } catch {
    return undefined; // the schema refuses it, and the error quotes the text
  }
}
