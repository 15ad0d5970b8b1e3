import * as z from "zod";
import { commonFields } from "../config_fields.ts";
import { defineEvaluator } from "../evaluator_definition.ts";

/** Cost limit. */
export const cost = defineEvaluator({
  schema: z.strictObject({
    type: z.literal("cost"),
    maxUsd: z.number().nonnegative().describe(
      "Highest cost of an answer that passes, in USD",
    ),
    ...commonFields,
  }),
  example: { type: "cost", maxUsd: 0.002 },
  summary:
    "Did the answer cost little enough, by the prices of its endpoint? Without prices nobody knows, and it is an error.",
  score: "1 when it did, else 0",
  passed: "when it did",
  create: ({ maxUsd }) => ({ row }) => {
    if (row.cost === null) {
      return {
        error:
          "Cannot score: nobody knows what the answer cost; give its endpoint prices",
      };
    }
    const passed = row.cost <= maxUsd;
    return {
      score: Number(passed),
      passed,
      explanation: `${row.cost} USD of ${maxUsd} USD`,
    };
  },
});
