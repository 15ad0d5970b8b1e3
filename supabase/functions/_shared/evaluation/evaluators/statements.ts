import * as z from "zod";
import {
  referencedFields,
  responseFields,
  threshold,
} from "../config_fields.ts";
import { defineEvaluator, type Subject } from "../evaluator_definition.ts";
import { type AnswerForm, toObjectSchema } from "../judging/answer_fields.ts";
import {
  judgesOf,
  panelFields,
  refuseJudges,
} from "../judging/judge_fields.ts";
import {
  type Material,
  toAskedMaterial,
  toJudgePrompt,
} from "../judging/judge_prompt.ts";
import { createQuestions } from "../judging/question.ts";
import { describeMissingPassages, passagesSchema } from "../passages_choice.ts";

interface Preset<Type extends string> {
  type: Type;
  summary: string;
  /** What is judged, statement by statement. */
  task: string;
  /** The same about all statements at once, for an API of typed questions. */
  claim: string;
  score: string;
  passages: boolean;
  toMaterial(subject: Subject): Material;
  needsReference?: true;
}

const passages = passagesSchema.default({ from: "archive" }).describe(
  'Where the passages come from: {"from":"archive"}, what the row has as passages; {"from":"metadata","path":"…"}, or {"value":["…"]}',
);
/** Fields that would be ignored are no fields. */
const NOTHING = {};

/** Answers that are grounded, as ragas asks (vibrantlabsai/ragas, src/ragas/metrics/_faithfulness.py). */
export const faithfulness = defineStatements({
  type: "faithfulness",
  summary:
    "Is what the response says in the passages that a retriever found? The judge breaks the response down into statements and " +
    "tells of each whether it follows from the passages, as ragas asks (Faithfulness).",
  task:
    `Analyze each sentence of the "response" to the "prompt" and break it down into one or more fully understandable statements, without pronouns. Then judge the faithfulness of each statement based on the "passages": the verdict is yes "if the statement can be directly inferred based on the context", that is the passages, and no if it cannot, whether it is true or not.`,
  claim:
    'Every statement of the "response" can be directly inferred from the "passages".',
  score: "the share of its statements that follow from the passages",
  passages: true,
  toMaterial: ({ row, response, passages }) => ({
    prompt: row.prompt,
    passages,
    response,
  }),
});

/**
 * Answers to the point, as DeepEval asks (confident-ai/deepeval, metrics/answer_relevancy/template.py),
 * which counts what is ambiguous as relevant.
 */
export const answerRelevance = defineStatements({
  type: "answer-relevance",
  summary:
    "Does the response keep to what was asked? The judge breaks the response down into statements and " +
    "tells of each whether it is relevant, as DeepEval asks (Answer Relevancy); whether it is true does not count.",
  task:
    `Break the "response" down into a list of the statements that it presents; single words can be statements, too. For each statement "see whether each statement is relevant to address the input", that is the "prompt": the verdict is no if it is irrelevant, and yes if it is relevant, or could be used as a supporting point. Whether it is true does not count.`,
  claim:
    'Every statement of the "response" is relevant to address the "prompt".',
  score: "the share of its statements that are relevant",
  passages: false,
  toMaterial: ({ row, response }) => ({ ...toAskedMaterial(row), response }),
});

/** Passages that suffice, as ragas asks (vibrantlabsai/ragas, src/ragas/metrics/_context_recall.py). */
export const contextRecall = defineStatements({
  type: "context-recall",
  summary:
    "Did the retriever find what the reference needs? The judge tells of each sentence of the reference whether it can be attributed " +
    "to the passages, as ragas asks (Context Recall); the response does not count.",
  task:
    `The "reference" is the right answer to the "prompt". Analyze each sentence in it "and classify if the sentence can be attributed to the given context or not", that is to the "passages": the verdict is yes if it can, and no if it cannot. A statement is a sentence of the reference.`,
  claim:
    'Every sentence of the "reference" can be attributed to the "passages".',
  score: "the share of the reference's sentences that the passages hold",
  passages: true,
  toMaterial: ({ row, reference, passages }) => ({
    prompt: row.prompt,
    passages,
    reference: reference!,
  }),
  needsReference: true,
});

/** A question about each statement of a text, whose score is the share of those that pass. */
function defineStatements<Type extends string>(
  preset: Preset<Type>,
) {
  const { type, summary, task, claim, score, toMaterial } = preset;
  return defineEvaluator({
    schema: z.strictObject({
      type: z.literal(type),
      ...panelFields,
      // The default of DeepEval's metrics (confident-ai/deepeval, metrics/faithfulness/faithfulness.py).
      threshold: threshold(0.5),
      ...preset.passages
        ? { passages }
        : NOTHING as { passages: typeof passages },
      ...preset.needsReference
        ? referencedFields
        : responseFields as typeof referencedFields,
    }).superRefine(refuseJudges),
    example: { type, endpoint: "judge" } as never,
    summary:
      `${summary} One call per row; an API of typed questions is asked how probable it is that all do.`,
    score:
      `${score}; none, and the category "no statement", where there is none to judge`,
    passed: "when the score reaches the threshold",
    asksJudge: "always",
    needsReference: () => preset.needsReference === true,
    create: (config) => (subject) => {
      if (preset.passages && subject.passages.length === 0) {
        return {
          error: `Cannot score: ${describeMissingPassages(config.passages)}`,
        };
      }
      return createQuestions({
        judges: judgesOf(config),
        combine: { by: config.combine, passFrom: config.threshold },
        asked: toJudgePrompt({
          task,
          material: toMaterial(subject),
          answer:
            '{"statements": [{"statement": "…", "reason": "a few words", "verdict": "yes" or "no"}, …]}, an empty list where there is none',
        }),
        answerSchema,
        form: { ...form, typed: { type: "predicate", claim } },
        toVerdict: ({ share, said }) =>
          share === undefined ? NO_STATEMENT : {
            score: share,
            passed: share >= config.threshold,
            explanation: said,
          },
      });
    },
  });
}

interface Shares {
  /** Undefined: there was no statement to judge. */
  share?: number;
  said?: string;
}

/** "I don't know" says nothing that could be true or not: such rows are no errors (vibrantlabsai/ragas#580). */
const NO_STATEMENT = {
  category: "no statement",
  explanation: "there is nothing in it to judge",
};

const MOST_STATEMENTS = 1_000;

const verdict = z.preprocess((value) => {
  const word = String(value).trim().toLowerCase();
  if (["yes", "1", "true"].includes(word)) return true;
  return ["no", "0", "false"].includes(word) ? false : value;
}, z.boolean());

const answerSchema = z.object({
  statements: z.array(z.object({ statement: z.string(), verdict }))
    .max(MOST_STATEMENTS),
}).transform(({ statements }): Shares => {
  if (statements.length === 0) return {};
  const without = statements.filter(({ verdict }) => !verdict)
    .map(({ statement }) => statement);
  const passing = statements.length - without.length;
  return {
    share: passing / statements.length,
    said: [`${passing} of ${statements.length}`, ...without].join("; not: "),
  };
});

const form: Omit<AnswerForm<Shares>, "typed"> = {
  responseSchema: toObjectSchema({
    statements: {
      type: "array",
      items: toObjectSchema({
        statement: { type: "string" },
        reason: { type: "string" },
        verdict: { type: "string", enum: ["yes", "no"] },
      }),
    },
  }),
  toAnswer: (value) => ({ share: Number(value) }),
};
