import * as z from "zod";
import { referencedFields } from "../config_fields.ts";
import { defineEvaluator } from "../evaluator_definition.ts";
import { type Judge, judgeFields } from "../judging/judge_fields.ts";
import { choiceOf, reason } from "../judging/answer_fields.ts";
import {
  type Material,
  toAskedMaterial,
  toJudgePrompt,
} from "../judging/judge_prompt.ts";
import { createQuestion, type Question } from "../judging/question.ts";
import { toComparable } from "../text/comparable.ts";
import { withoutThoughts } from "../text/thoughts.ts";

/** A comparison by a judge. */
export const pairwise = defineEvaluator({
  schema: z.strictObject({
    type: z.literal("pairwise"),
    ...judgeFields,
    criteria: z.string().regex(/\S/, "is blank").max(20_000)
      .default("Which response is more correct, complete and helpful?")
      .describe("What makes one response better, in words for the judge"),
    against: z.union([
      z.literal("reference"),
      z.strictObject({ experiment: z.string().min(1) }),
    ]).default("reference").describe(
      'What the response is compared with: "reference", or {"experiment":"…"} for the response of that experiment to the same prompt',
    ),
    strict: z.boolean().default(false).describe(
      "A win or a loss counts only when both orders agree on it, as in MT-Bench; anything else is a tie",
    ),
    ...referencedFields,
  }),
  example: {
    type: "pairwise",
    endpoint: "judge",
    against: { experiment: "baseline" },
  },
  summary:
    "Is the response better than the reference, or than another experiment's, as a model judges? " +
    "Judges favour a position, so two calls per row ask in both orders " +
    "(Zheng et al. 2023, MT-Bench); equal texts are a tie without a call.",
  score:
    "mean over both orders of 1 for a win, ½ for a tie, 0 for a loss; opposite verdicts make ½, " +
    "and so does with strict whatever is not a win or a loss in both. " +
    "The category is win, tie or loss: above, at or below ½",
  passed: "when the score is at least ½: not worse",
  asksJudge: "always",
  needsReference: ({ against }) => against === "reference",
  create: (config) => async ({ row, response, reference }, context) => {
    const { against, thoughts } = config;
    const toAnswer = (text: string | null) =>
      text === null || thoughts ? text : withoutThoughts(text);
    const opponent = against === "reference"
      ? reference
      : toAnswer(await context.responseIn(against.experiment, row));
    if (opponent === null) {
      return {
        error: `Cannot score: ${
          describe(against)
        } has no response to this prompt`,
      };
    }
    if (isSame(response, opponent)) {
      return {
        score: 0.5,
        passed: true,
        category: "tie",
        explanation: "equal",
      };
    }
    const sent = toAskedMaterial(row);
    return [
      ask(config, { ...sent, first: response, second: opponent }, "first"),
      ask(config, { ...sent, first: opponent, second: response }, "second"),
    ];
  },
});

const WINNERS = ["first", "second", "tie"] as const;

/** What judges write instead. */
const OTHER_WORDS: Record<string, typeof WINNERS[number]> = {
  ...{ a: "first", 1: "first", one: "first" },
  ...{ b: "second", 2: "second", two: "second" },
  ...{ equal: "tie", both: "tie", neither: "tie", draw: "tie", same: "tie" },
};
const FILLERS =
  /^(?:the|is|are|response|responses|answer|winner|better|equally|good)$/;

const answerSchema = z.object({
  reason,
  winner: z.preprocess(
    (value) => typeof value === "string" ? toWinner(value) ?? value : value,
    z.enum(WINNERS),
  ),
});

/** The winner that a few words name, such as "The first response", "A" or "a tie". */
function toWinner(words: string): typeof WINNERS[number] | undefined {
  const said = words.toLowerCase().split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== "" && !FILLERS.test(word));
  const [word, ...more] = said.length > 1
    ? said.filter((word) => word !== "a")
    : said;
  if (word === undefined || more.length > 0) return undefined;
  return WINNERS.find((winner) => winner === word) ?? OTHER_WORDS[word];
}

/** Asks in one order; the vote is on the response that stands in this place. */
function ask(
  judge: Judge & { criteria: string; strict: boolean },
  material: Material,
  place: "first" | "second",
): Question {
  const question = createQuestion({
    judge,
    asked: toJudgePrompt({
      task:
        `Compare the "first" and the "second" response that two AI models gave to the "prompt". ${judge.criteria}

Neither the order nor the length of the responses counts. Say "tie" when neither is better.`,
      material,
      answer:
        '{"reason": "one or two sentences", "winner": "first", "second" or "tie"}',
    }),
    answerSchema,
    form: choiceOf("winner", WINNERS),
    readWords: (words) => ({ winner: words }),
    toVerdict({ winner, reason }) {
      const score = winner === "tie" ? 0.5 : Number(winner === place);
      const category = score === 0.5 ? "tie" : score === 1 ? "win" : "loss";
      return {
        score,
        passed: score >= 0.5,
        category,
        explanation: `${category} as the ${place}${reason && `: ${reason}`}`,
      };
    },
  });
  return {
    ...question,
    combine: { by: judge.strict ? "strict pair" : "pair" },
  };
}

function describe(against: "reference" | { experiment: string }): string {
  return against === "reference"
    ? "the reference"
    : `experiment "${against.experiment}"`;
}

function isSame(a: string, b: string): boolean {
  const comparison = { ignoreCase: false, trim: true };
  return toComparable(a, comparison) === toComparable(b, comparison);
}
