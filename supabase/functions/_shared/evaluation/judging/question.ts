import * as z from "zod";
import type { FinishReason } from "../../model/model_result.ts";
import { toStorableVerdict, type Verdict } from "../score.ts";
import { clip } from "../text/clip.ts";
import type { Judge } from "./judge_fields.ts";
import type { JudgePrompt } from "./judge_prompt.ts";
import { readAnswer } from "./read_answer.ts";

/** One question to a judge: one call, whose answer is one vote on the score of a row. */
export interface Question {
  judge: Judge;
  prompt: string;
  /** JSON Schema of the answer, for APIs that keep to one. */
  responseSchema?: unknown;
  /** How the votes on a row make its score; absent where there is one. */
  combine?: Combination;
  /** The vote of an answer; its `error` says why the answer cannot be read. */
  read(answer: JudgeAnswer): Verdict;
}

/** As `pipeline.score_votes()` understands it. */
export interface Combination {
  /** pair, strict pair: the orders of a pair; majority, mean: of a panel. */
  by: "pair" | "strict pair" | "majority" | "mean";
  /** Of a mean: the score from which on a row has passed. */
  passFrom?: number;
}

export interface JudgeAnswer {
  text: string;
  finishReason: FinishReason;
}

/** Asks each judge for JSON of this schema, and reads it tolerantly. */
export function createQuestions<Answer>(
  { judges, ...question }:
    & { judges: readonly Judge[]; combine?: Combination }
    & Omit<QuestionParts<Answer>, "judge">,
): Question[] {
  const { combine } = question;
  return judges.map((judge) => ({
    ...createQuestion({ judge, ...question }),
    ...judges.length > 1 && combine && { combine },
  }));
}

interface QuestionParts<Answer> {
  judge: Judge;
  asked: JudgePrompt;
  answerSchema: z.ZodType<Answer>;
  responseSchema: unknown;
  /** What an answer in words alone means; null: nothing. */
  readWords?(words: string): unknown;
  toVerdict(answer: Answer): Verdict;
}

/** Asks for JSON of this schema, and reads it tolerantly. */
export function createQuestion<Answer>(
  { judge, asked, answerSchema, responseSchema, readWords, toVerdict }:
    QuestionParts<Answer>,
): Question {
  const { endpoint, model, parameters } = judge;
  return {
    judge: { endpoint, model, parameters },
    prompt: asked.prompt,
    responseSchema,
    read({ text, finishReason }) {
      const answer = readAnswer(text, answerSchema, readWords);
      if (answer.success) {
        return toStorableVerdict(
          withNotice(toVerdict(answer.data), asked.notice),
        );
      }
      const cut = finishReason === "length"
        ? "; it was cut off: raise maxTokens in parameters"
        : "";
      return toStorableVerdict({
        error:
          `Cannot score: the judge at "${endpoint}" did not answer in the form it was asked for${cut}: ${
            z.prettifyError(answer.error).replace(/\s+/g, " ")
          }; it said: ${clip(text, 300)}`,
      });
    },
  };
}

function withNotice(verdict: Verdict, notice: string | undefined): Verdict {
  if (notice === undefined) return verdict;
  const { explanation = "" } = verdict;
  // The reason gives way: that something was not seen must not be cut off.
  return {
    ...verdict,
    explanation: `${clip(explanation, 1500)} (${notice})`.trim(),
  };
}
