import * as z from "zod";
import { responseFields } from "../config_fields.ts";
import { defineEvaluator, type Subject } from "../evaluator_definition.ts";
import { toWords } from "../text/words.ts";

const bound = z.int().nonnegative().optional();

/** Length limits. */
export const length = defineEvaluator({
  schema: z.strictObject({
    type: z.literal("length"),
    min: bound.describe("Least length that passes"),
    max: bound.describe("Greatest length that passes"),
    unit: z.enum(["characters", "words", "tokens"]).default("characters")
      .describe(
        "Characters are Unicode code points; tokens are those that the endpoint counted",
      ),
    ...responseFields,
  }).superRefine(({ min, max }, context) => {
    if (min === undefined && max === undefined) {
      context.addIssue({
        code: "custom",
        path: ["max"],
        message: "length needs min or max",
      });
    } else if (min !== undefined && max !== undefined && min > max) {
      context.addIssue({
        code: "custom",
        path: ["min"],
        message: `cannot be above max: ${min} > ${max}`,
      });
    }
  }),
  example: { type: "length", max: 120, unit: "words" },
  summary: "Is the response neither too short nor too long?",
  score: "1 when it is within the limits, else 0",
  passed: "when it is within the limits",
  create: ({ min = 0, max = Infinity, unit }) => (subject) => {
    const measured = measure(subject, unit);
    if (measured === null) {
      return {
        error:
          "Cannot score: the endpoint counted no tokens; use characters or words",
      };
    }
    const passed = measured >= min && measured <= max;
    return {
      score: Number(passed),
      passed,
      explanation: `${measured} ${unit}`,
    };
  },
});

function measure(
  { response, row }: Subject,
  unit: "characters" | "words" | "tokens",
): number | null {
  if (unit === "tokens") return row.outputTokens;
  if (unit === "words") return toWords(response).length;
  let characters = 0;
  for (const _ of response) characters++;
  return characters;
}
