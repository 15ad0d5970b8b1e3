import * as z from "zod";
import type { FinishReason } from "../../model/model_result.ts";
import { toStorableVerdict, type Verdict } from "../score.ts";
import { clip } from "../text/clip.ts";
import type { AnswerForm } from "./answer_fields.ts";
import type { Judge } from "./judge_fields.ts";
import type { JudgePrompt } from "./judge_prompt.ts";
import { readAnswer } from "./read_answer.ts";
import { readTypedAnswer, toWireQuestion } from "./typed_question.ts";

/** What an endpoint is asked about a row; what it answers is one vote on the row's score. */
export type Question = SpokenQuestion | TextsToEmbed;

interface QuestionOfJudge {
  judge: Judge;
  /** How the votes on a row make its score; absent where there is one. */
  combine?: Combination;
}

/** A question in words: one call. */
export interface SpokenQuestion extends QuestionOfJudge {
  prompt: string;
  /** JSON Schema of the answer, for APIs that keep to one. */
  responseSchema?: unknown;
  /** The vote of an answer; its `error` says why the answer cannot be read. */
  read(answer: JudgeAnswer): Verdict;
  /** The same for an API of typed questions, which are asked several at once. */
  typed: {
    /** What they are about; those that are about the same can be asked together. */
    input: string;
    toWire(name: string): unknown;
    /** The same as `read`; an API of typed questions says no reasons, but probabilities. */
    read(text: string, asked: { name: string; place: number }): Vote;
  };
}

/** Texts of which the meaning is compared: one call, or none where their vectors are known. */
export interface TextsToEmbed extends QuestionOfJudge {
  texts: string[];
  /** The vote that the vectors of these texts make, each as `packVector()` has it. */
  compare(vectors: string[]): Verdict;
}

/** A verdict of one judge. */
export interface Vote extends Verdict {
  /** How sure the judge is of each answer that it could have given, from 0 to 1. */
  probabilities?: Record<string, number>;
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
): SpokenQuestion[] {
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
  /** How the answer is asked for, see `choiceOf()` and `numberOn()`. */
  form: AnswerForm<Answer>;
  /** What an answer in words alone means; null: nothing. */
  readWords?(words: string): unknown;
  toVerdict(answer: Answer): Verdict;
}

/** Asks for JSON of this schema, and reads it tolerantly. */
export function createQuestion<Answer>(
  { judge, asked, answerSchema, form, readWords, toVerdict }: QuestionParts<
    Answer
  >,
): SpokenQuestion {
  const { endpoint, model, parameters } = judge;
  const toStorable = (verdict: Verdict) =>
    toStorableVerdict(withNotice(verdict, asked.notice));
  const fail = (problem: string, text: string) =>
    toStorableVerdict({
      error:
        `Cannot score: the judge at "${endpoint}" did not answer in the form it was asked for${problem}; it said: ${
          clip(text, 300)
        }`,
    });
  return {
    judge: { endpoint, model, parameters },
    prompt: asked.prompt,
    responseSchema: form.responseSchema,
    read({ text, finishReason }) {
      const answer = readAnswer(text, answerSchema, readWords);
      if (answer.success) return toStorable(toVerdict(answer.data));
      const cut = finishReason === "length"
        ? "; it was cut off: raise maxTokens in parameters"
        : "";
      return fail(`${cut}: ${describe(answer.error)}`, text);
    },
    typed: {
      input: asked.material,
      toWire: (name) => toWireQuestion(form.typed, name, asked.instructions),
      read(text, place) {
        try {
          const { value, probabilities } = readTypedAnswer(
            text,
            form.typed,
            place,
          );
          const verdict = toVerdict(form.toAnswer(value));
          return { ...toStorable(verdict), probabilities };
        } catch (error) {
          return fail(`: ${describe(error)}`, text);
        }
      },
    },
  };
}

function describe(error: unknown): string {
  const problem = error instanceof z.ZodError
    ? z.prettifyError(error)
    : String(error instanceof Error ? error.message : error);
  return problem.replace(/\s+/g, " ");
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
