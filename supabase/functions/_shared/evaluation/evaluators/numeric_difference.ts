import type { RE2JS } from "re2js";
import * as z from "zod";
import { referencedFields } from "../config_fields.ts";
import { defineEvaluator } from "../evaluator_definition.ts";
import { findNumber } from "../text/find_number.ts";
import {
  checkSearch,
  compilePattern,
  MOST_SEARCHED,
  patternSchema,
} from "../text/pattern.ts";

const tolerance = z.number().nonnegative().default(0);

/** Distance from a number. */
export const numericDifference = defineEvaluator({
  schema: z.strictObject({
    type: z.literal("numeric-difference"),
    absoluteTolerance: tolerance.describe("Largest difference that passes"),
    relativeTolerance: tolerance.describe(
      "The same as a share of the reference: 0.05 is 5 %; the larger of both tolerances counts",
    ),
    which: z.enum(["first", "last", "only"]).default("last").describe(
      "Which number of the text counts; only: there must be one, however often it occurs",
    ),
    pattern: patternSchema.optional().describe(
      "Regular expression (RE2) that finds the number in the response: its first group, else its match",
    ),
    decimalMark: z.enum([".", ","]).default(".")
      .describe("Sign before decimals; the other one groups thousands"),
    ...referencedFields,
  }),
  example: { type: "numeric-difference", relativeTolerance: 0.01 },
  summary:
    "How far is the number in the response from the number in the reference? Read are 1,234.50, 9 500, " +
    "1'000, 12,34,567, -$3, 3/4, 1½, 3 × 10^8 and 12 million; a number in metadata is taken as it is. " +
    "What can be read in two ways, such as 3,14 with a decimal point, is an error that says so. " +
    "Of a longer response the last 200,000 characters count, for the first or only number the first.",
  score:
    "1 − |response − reference| / max(|response|, |reference|), at least 0; 1 when both are equal",
  passed:
    "when |response − reference| is at most max(absoluteTolerance, relativeTolerance · |reference|)",
  needsReference: () => true,
  create: (config) => {
    const pattern = config.pattern ? compilePattern(config.pattern) : undefined;
    return ({ response, reference, referenceValue }) => {
      const expected = typeof referenceValue === "number"
        ? { number: referenceValue }
        : findNumber(reference!, config);
      if (expected.problem !== undefined) {
        return {
          error: `Cannot score: ${expected.problem} in the reference; ` +
            'set reference to {"value":"…"}',
        };
      }
      const actual = findNumber(
        pattern ? firstGroup(pattern, response) : response,
        config,
      );
      if (actual.problem !== undefined) {
        const explanation = `${actual.problem} in the response`;
        return actual.isUnclear
          ? { error: `Cannot score: ${explanation}` }
          : { score: 0, passed: false, explanation };
      }
      return compare(actual.number, expected.number, config);
    };
  },
});

function firstGroup(pattern: RE2JS, text: string): string {
  const searched = text.slice(0, MOST_SEARCHED);
  checkSearch(pattern, searched);
  const found = pattern.exec(searched);
  return found?.[1] ?? found?.[0] ?? "";
}

function compare(
  actual: number,
  expected: number,
  tolerances: { absoluteTolerance: number; relativeTolerance: number },
) {
  const difference = Math.abs(actual - expected);
  const size = Math.max(Math.abs(actual), Math.abs(expected));
  const allowed = Math.max(
    tolerances.absoluteTolerance,
    tolerances.relativeTolerance * Math.abs(expected),
  );
  return {
    score: difference === 0 ? 1 : Math.max(0, 1 - difference / size),
    passed: difference <= allowed,
    explanation: `${actual} instead of ${expected}: difference ${difference}`,
  };
}
