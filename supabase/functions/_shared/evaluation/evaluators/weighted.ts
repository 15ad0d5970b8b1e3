import * as z from "zod";
import { commonFields, threshold } from "../config_fields.ts";
import { defineEvaluator } from "../evaluator_definition.ts";

/** A composite of other scores, which the database makes as they come in. */
export const weighted = defineEvaluator({
  schema: z.strictObject({
    type: z.literal("weighted"),
    weights: z.record(z.string(), z.number().positive()).refine(
      (weights) => Object.keys(weights).length > 0,
      "names no evaluator",
    ).describe(
      'Names of other evaluators of the run with their weights, such as {"exact-match": 2, "rubric": 1}',
    ),
    threshold: threshold(0.5),
    ...commonFields,
  }),
  example: {
    type: "weighted",
    weights: { "exact-match": 2, "rubric": 1 },
    threshold: 0.7,
  },
  summary:
    "What do other evaluators of the run come to together? It is made when all of them have scored; " +
    "one that could not makes it an error.",
  score:
    "mean of their scores by weight; of one without a number 1 or 0 for passed",
  passed: "when the score reaches the threshold",
});
