import * as z from "zod";
import { ignoreCase, responseFields } from "../config_fields.ts";
import { defineEvaluator } from "../evaluator_definition.ts";
import { toComparable } from "../text/comparable.ts";
import {
  checkSearch,
  compilePattern,
  MOST_SEARCHED,
  patternSchema,
} from "../text/pattern.ts";

/** A regular expression, found or not. */
export const regex = defineEvaluator({
  schema: z.strictObject({
    type: z.literal("regex"),
    pattern: patternSchema.describe(
      "Regular expression with the syntax of RE2, without look-around and back-references",
    ),
    whole: z.boolean().default(false)
      .describe("The whole response must match, not a part of it"),
    expect: z.enum(["match", "no match"]).default("match")
      .describe("Which outcome passes"),
    ignoreCase,
    ...responseFields,
  }),
  example: { type: "regex", pattern: "^\\d{4}-\\d{2}-\\d{2}$" },
  summary: "Does a regular expression match the response? " +
    "Of a longer response the first 1,000,000 characters count.",
  score: "1 when the outcome is the expected one, else 0",
  passed: "when the outcome is the expected one",
  create: ({ pattern, whole, expect, ignoreCase }) => {
    const compiled = compilePattern(pattern, { ignoreCase });
    return ({ response }) => {
      const cut = response.length > MOST_SEARCHED;
      const text = toComparable(
        cut ? response.slice(0, MOST_SEARCHED) : response,
        { ignoreCase: false },
      );
      checkSearch(compiled, text);
      const matches = whole ? compiled.testExact(text) : compiled.test(text);
      const passed = matches === (expect === "match");
      return {
        score: Number(passed),
        passed,
        category: matches ? "match" : "no match",
        explanation: cut
          ? `looked at the first ${MOST_SEARCHED} of ${response.length} characters`
          : undefined,
      };
    };
  },
});
