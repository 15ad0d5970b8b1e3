import * as z from "zod";
import { ignoreCase, referencedFields } from "../config_fields.ts";
import { defineEvaluator } from "../evaluator_definition.ts";
import { toComparable } from "../text/comparable.ts";

/** Equality with the reference. */
export const exactMatch = defineEvaluator({
  schema: z.strictObject({
    type: z.literal("exact-match"),
    ignoreCase,
    trim: z.boolean().default(true)
      .describe("White space at both ends does not count"),
    ...referencedFields,
  }),
  example: { type: "exact-match", ignoreCase: true },
  summary: "Is the response the same text as the reference?",
  score: "1 when it is, else 0",
  passed: "when it is",
  needsReference: () => true,
  create: (config) => ({ response, reference }) => {
    const passed = toComparable(response, config) ===
      toComparable(reference!, config);
    return { score: Number(passed), passed };
  },
});
