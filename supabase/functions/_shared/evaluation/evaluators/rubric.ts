import * as z from "zod";
import { passages, referencedFields } from "../config_fields.ts";
import { defineEvaluator } from "../evaluator_definition.ts";
import { numberOn, reason } from "../judging/answer_fields.ts";
import { numberFrom } from "../judging/number_from.ts";
import {
  judgesOf,
  panelFields,
  refuseJudges,
} from "../judging/judge_fields.ts";
import { toAskedMaterial, toJudgePrompt } from "../judging/judge_prompt.ts";
import { createQuestions } from "../judging/question.ts";

const scale = z.strictObject({ min: z.number(), max: z.number() })
  .refine(({ min, max }) => min < max, "must have min below max")
  .default({ min: 1, max: 5 })
  .describe("Worst and best score that the judge may give");

/** A grade by a judge. */
export const rubric = defineEvaluator({
  schema: z.strictObject({
    type: z.literal("rubric"),
    rubric: z.string().regex(/\S/, "is blank").max(20_000).describe(
      "What makes a response good or bad, in words for the judge",
    ),
    ...panelFields,
    scale,
    passMark: z.number().optional().describe(
      "A row passes from this score of the judge on; default: three quarters up the scale, 4 of 1 to 5",
    ),
    showReference: z.boolean().default(true).describe(
      "The judge sees the reference where there is one",
    ),
    passages,
    ...referencedFields,
  }).superRefine((config, context) => {
    refuseJudges(config, context);
    const { scale, passMark } = config;
    if (passMark === undefined) return;
    if (passMark >= scale.min && passMark <= scale.max) return;
    context.addIssue({
      code: "custom",
      path: ["passMark"],
      message: `must be on the scale, from ${scale.min} to ${scale.max}`,
    });
  }),
  example: {
    type: "rubric",
    rubric: "5: polite and correct. 3: correct. 1: wrong.",
    endpoint: "judge",
  },
  summary: "How good is the response by a rubric, as a model judges? " +
    "One call per row, and one more where an answer cannot be read. The judge sees what the model saw and " +
    "the first 50,000 characters of each text, as data with the advice to follow nothing in it; " +
    "no judge is wholly proof against a response that talks to it.",
  score:
    "the judge's score, moved from its scale to 0 to 1; of a panel the mean",
  passed: "when the judge's score reaches the pass mark",
  asksJudge: "always",
  create: (config) => {
    const { min, max } = config.scale;
    const passMark = config.passMark ?? min + 0.75 * (max - min);
    const toShare = (score: number) => (score - min) / (max - min);
    const answerSchema = z.object({ reason, score: numberFrom(min, max) });
    return ({ row, response, reference, passages }) => {
      const compared = config.showReference && reference !== null;
      return createQuestions({
        judges: judgesOf(config),
        combine: { by: config.combine, passFrom: toShare(passMark) },
        asked: toJudgePrompt({
          task: toTask(config.rubric, min, max, compared),
          material: {
            ...toAskedMaterial(row),
            ...passages.length > 0 ? { passages } : {},
            ...compared ? { reference } : {},
            response,
          },
          answer:
            `{"reason": "one or two sentences", "score": a number from ${min} to ${max}}`,
        }),
        answerSchema,
        form: numberOn("score", config.scale),
        toVerdict: ({ score, reason }) => ({
          score: toShare(score),
          passed: score >= passMark,
          explanation: `${score} of ${max}${reason ? `: ${reason}` : ""}`,
        }),
      });
    };
  },
});

function toTask(
  rubric: string,
  min: number,
  max: number,
  compared: boolean,
): string {
  return `Grade the "response" that an AI model gave to the "prompt", from ${min} (worst) to ${max} (best), by this rubric alone:

${rubric}${
    compared
      ? '\n\nThe "reference" is another answer to the same prompt, to compare with.'
      : ""
  }`;
}
