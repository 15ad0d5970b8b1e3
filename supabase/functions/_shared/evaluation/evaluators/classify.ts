import * as z from "zod";
import { passages, referencedFields } from "../config_fields.ts";
import { defineEvaluator } from "../evaluator_definition.ts";
import { choiceOf, reason } from "../judging/answer_fields.ts";
import {
  CLASSIFY_PRESETS,
  type ClassifyPreset,
} from "../judging/classify_presets.ts";
import {
  judgesOf,
  panelFields,
  refuseJudges,
} from "../judging/judge_fields.ts";
import { toAskedMaterial, toJudgePrompt } from "../judging/judge_prompt.ts";
import { createQuestions } from "../judging/question.ts";

const words = z.string().regex(/\S/, "is blank").max(20_000);

const PRESET_NAMES = ["factuality", "closed-question"] as const;

/** A category, as a judge sees it. */
export const classify = defineEvaluator({
  schema: z.strictObject({
    type: z.literal("classify"),
    preset: z.enum(PRESET_NAMES).optional().describe(
      "A question with categories that is published, instead of question and categories: factuality compares with the " +
        "reference (openai/evals fact, scores of autoevals); closed-question asks whether criterion is met (openai/evals closedqa)",
    ),
    question: words.optional().describe(
      "What the judge has to tell, and what each category means",
    ),
    criterion: words.optional().describe("What closed-question asks about"),
    categories: z.record(
      z.string().regex(/\S/, "is blank").max(200),
      z.number().min(0).max(1),
    ).optional().describe(
      'The categories with their scores from 0 to 1, such as {"right": 1, "partly": 0.5, "wrong": 0}',
    ),
    passing: z.array(z.string()).min(1).optional().describe(
      "The categories that pass; default: those of the highest score",
    ),
    ...panelFields,
    showReference: z.boolean().default(true).describe(
      "The judge sees the reference where there is one",
    ),
    passages,
    ...referencedFields,
  }).superRefine((config, context) => {
    refuseJudges(config, context);
    for (const [path, message] of problemsOf(config)) {
      context.addIssue({ code: "custom", path: [path], message });
    }
  }),
  example: {
    type: "classify",
    question: "What is the tone of the response? friendly, neutral or rude",
    categories: { friendly: 1, neutral: 0.5, rude: 0 },
    endpoint: "judge",
  },
  summary:
    "Which of several categories is the response in, as a model judges? One call per row.",
  score: "that of the category; of a panel the mean",
  passed: "when the category is a passing one",
  asksJudge: "always",
  needsReference: (config) => toPreset(config).needs === "reference",
  create: (config) => {
    const { question, categories, needs, passing } = toPreset(config);
    const names = Object.keys(categories);
    const answerSchema = z.object({
      reason,
      category: z.preprocess(
        (value) =>
          typeof value === "string" ? findName(names, value) ?? value : value,
        z.enum(names),
      ),
    });
    const asked = names.map((name) => JSON.stringify(name)).join(", ");
    return ({ row, response, reference, passages }) => {
      const compared = reference !== null &&
        (config.showReference || needs === "reference");
      return createQuestions({
        judges: judgesOf(config),
        combine: {
          by: config.combine,
          passFrom: Math.min(...passing.map((name) => categories[name])),
        },
        asked: toJudgePrompt({
          task: needs === "criterion"
            ? `${question}\n\nCriterion: ${config.criterion}`
            : `Put the "response" that an AI model gave to the "prompt" into one category.\n\n${question}`,
          material: {
            ...toAskedMaterial(row),
            ...passages.length > 0 ? { passages } : {},
            ...compared ? { reference } : {},
            response,
          },
          answer:
            `{"reason": "one or two sentences", "category": one of ${asked}}`,
        }),
        answerSchema,
        form: choiceOf("category", names),
        readWords: (category) => ({ category }),
        toVerdict: ({ category, reason }) => ({
          score: categories[category],
          passed: passing.includes(category),
          category,
          explanation: reason || undefined,
        }),
      });
    };
  },
});

interface ClassifyConfig {
  preset?: typeof PRESET_NAMES[number];
  question?: string;
  criterion?: string;
  categories?: Record<string, number>;
  passing?: string[];
}

function toPreset(config: ClassifyConfig): ClassifyPreset {
  const { preset, question = "", categories = {}, passing } = config;
  const base: ClassifyPreset = preset
    ? CLASSIFY_PRESETS[preset]
    : { question, categories, passing: bestOf(categories) };
  return { ...base, passing: passing ?? base.passing };
}

function bestOf(categories: Record<string, number>): string[] {
  const best = Math.max(...Object.values(categories));
  return Object.keys(categories).filter((name) => categories[name] === best);
}

/** A category in other case, or with a full stop. */
function findName(names: string[], said: string): string | undefined {
  const plain = (text: string) =>
    text.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, " ").trim();
  const word = plain(said);
  return names.find((name) => plain(name) === word);
}

function problemsOf(config: ClassifyConfig): [path: string, message: string][] {
  const { preset, question, categories, criterion } = config;
  const problems: [string, string][] = [];
  if (preset !== undefined && (question ?? categories) !== undefined) {
    problems.push([
      "preset",
      "cannot stand beside question and categories: write one of them",
    ]);
  }
  if (preset === undefined && question === undefined) {
    problems.push(["question", "is missing: write question, or preset"]);
  }
  if (preset === undefined && Object.keys(categories ?? {}).length < 2) {
    problems.push(["categories", "needs at least two categories"]);
  }
  if ((preset === "closed-question") !== (criterion !== undefined)) {
    problems.push([
      "criterion",
      "belongs to preset closed-question, which needs it",
    ]);
  }
  const { passing, categories: known } = toPreset(config);
  for (const name of passing) {
    if (!Object.hasOwn(known, name)) {
      problems.push(["passing", `"${name}" is none of the categories`]);
    }
  }
  return problems;
}
