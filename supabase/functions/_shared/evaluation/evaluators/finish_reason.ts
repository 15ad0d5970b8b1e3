import * as z from "zod";
import { commonFields } from "../config_fields.ts";
import { defineEvaluator } from "../evaluator_definition.ts";

/** Why the model stopped. */
export const finishReason = defineEvaluator({
  schema: z.strictObject({
    type: z.literal("finish-reason"),
    reasons: z.array(
      z.enum(["stop", "length", "content_filter", "tool_calls", "other"]),
    ).min(1).default(["stop"]).describe("Reasons that pass"),
    ...commonFields,
  }),
  example: { type: "finish-reason", reasons: ["stop", "tool_calls"] },
  summary:
    "Did the model stop as it should, and not because its answer was cut off? The category is the reason.",
  score: "1 when it did, else 0",
  passed: "when it did",
  create: ({ reasons }) => ({ row }) => {
    if (row.finishReason === null) {
      return { error: "Cannot score: the row has no finish reason" };
    }
    const passed = reasons.some((reason) => reason === row.finishReason);
    return { score: Number(passed), passed, category: row.finishReason };
  },
});
