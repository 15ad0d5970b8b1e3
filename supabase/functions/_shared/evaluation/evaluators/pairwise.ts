import { z } from "zod";
import { referencedFields } from "../config_fields.ts";
import { defineEvaluator } from "../evaluator_definition.ts";
import { askJudge } from "../judging/ask_judge.ts";
import { type Judge, judgeFields } from "../judging/judge_fields.ts";
import { toJudgePrompt } from "../judging/judge_prompt.ts";
import type { EvaluationContext } from "../evaluator.ts";
import type { Verdict } from "../score.ts";
import { toComparable } from "../text/comparable.ts";

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
    "mean over both orders of 1 for a win, ½ for a tie, 0 for a loss; opposite verdicts make ½. " +
    "The label is win, tie or loss: above, at or below ½",
  passed: "when the score is at least ½: not worse",
  needsReference: ({ against }) => against === "reference",
  create: (config) => async ({ row, response, reference }, context) => {
    const { against } = config;
    const opponent = against === "reference"
      ? reference
      : await context.responseIn(against.experiment, row);
    if (opponent === null) {
      return {
        error: `Cannot score: ${
          describe(against)
        } has no response to this prompt`,
      };
    }
    if (isSame(response, opponent)) {
      return { score: 0.5, passed: true, label: "tie", explanation: "equal" };
    }
    const ask = (first: string, second: string) =>
      compare(config, { prompt: row.prompt, first, second }, context);
    const [asFirst, asSecond] = await Promise.all([
      ask(response, opponent),
      ask(opponent, response),
    ]);
    return weigh(
      { points: asFirst.points, reason: asFirst.reason },
      { points: 1 - asSecond.points, reason: asSecond.reason },
    );
  },
});

const answerSchema = z.object({
  reason: z.string().default(""),
  winner: z.enum(["first", "second", "tie"]),
});

/** What the first response earned: 1, ½ or 0. */
interface Opinion {
  points: number;
  reason: string;
}

async function compare(
  judge: Judge & { criteria: string },
  material: { prompt: string; first: string; second: string },
  context: EvaluationContext,
): Promise<Opinion> {
  const prompt = toJudgePrompt({
    task:
      `Compare the "first" and the "second" response that two AI models gave to the "prompt". ${judge.criteria}

Neither the order nor the length of the responses counts. Say "tie" when neither is better.`,
    material,
    answer:
      '{"reason": "one or two sentences", "winner": "first", "second" or "tie"}',
  });
  const { winner, reason } = await askJudge(
    judge,
    prompt,
    answerSchema,
    context,
  );
  return { points: { first: 1, tie: 0.5, second: 0 }[winner], reason };
}

function weigh(asFirst: Opinion, asSecond: Opinion): Verdict {
  const score = (asFirst.points + asSecond.points) / 2;
  return {
    score,
    passed: score >= 0.5,
    label: toLabel(score),
    explanation: `${
      toLabel(asFirst.points)
    } as the first: ${asFirst.reason} | ${
      toLabel(asSecond.points)
    } as the second: ${asSecond.reason}`,
  };
}

function describe(against: "reference" | { experiment: string }): string {
  return against === "reference"
    ? "the reference"
    : `experiment "${against.experiment}"`;
}

function toLabel(points: number): string {
  return points > 0.5 ? "win" : points < 0.5 ? "loss" : "tie";
}

function isSame(a: string, b: string): boolean {
  const comparison = { ignoreCase: false, trim: true };
  return toComparable(a, comparison) === toComparable(b, comparison);
}
