import * as z from "zod";
import { commonFields } from "../config_fields.ts";
import { defineEvaluator } from "../evaluator_definition.ts";

/** Latency limit. */
export const latency = defineEvaluator({
  schema: z.strictObject({
    type: z.literal("latency"),
    maxMs: z.number().positive().describe(
      "Longest time that passes, in milliseconds",
    ),
    ...commonFields,
  }),
  example: { type: "latency", maxMs: 2000 },
  summary:
    "Did the model answer in time, from sending the request to the last byte of the answer?",
  score: "1 when it did, else 0",
  passed: "when it did",
  create: ({ maxMs }) => ({ row }) => {
    if (row.durationMs === null) {
      return { error: "Cannot score: the row has no duration" };
    }
    const passed = row.durationMs <= maxMs;
    return {
      score: Number(passed),
      passed,
      explanation: `${row.durationMs} ms of ${maxMs} ms`,
    };
  },
});
