import * as z from "zod";
import type { Verdict } from "./score.ts";

/** As the constraint of evaluation_scores: sums of squares of millions of them stay numbers. */
const MOST_SCORE = 1e6;

const scoreSchema = z.object({
  score: z.number().min(-MOST_SCORE).max(MOST_SCORE).nullish(),
  passed: z.boolean().nullish(),
  category: z.string().nullish(),
  explanation: z.string().nullish(),
  error: z.string().nullish(),
}).refine(
  ({ score, passed, category, error }) =>
    [score, passed, category, error].some((value) => value != null),
  "has neither score nor passed, category or error",
);

/**
 * A score as code of the user gives it: {score?, passed?, category?, explanation?, error?}.
 *
 * @param giver who gave it, for the error: "the webhook"
 */
export function readScore(score: unknown, giver: string): Verdict {
  const parsed = scoreSchema.safeParse(score);
  if (!parsed.success) {
    return {
      error: `Cannot score: ${giver}'s score is of no use: ${
        z.prettifyError(parsed.error).replace(/\s+/g, " ")
      }`,
    };
  }
  const { score: value, passed, category, explanation, error } = parsed.data;
  return {
    score: value ?? undefined,
    passed: passed ?? undefined,
    category: category ?? undefined,
    explanation: explanation ?? undefined,
    error: error ?? undefined,
  };
}
