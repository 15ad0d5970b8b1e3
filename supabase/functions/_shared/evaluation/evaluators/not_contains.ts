import * as z from "zod";
import { ignoreCase, responseFields } from "../config_fields.ts";
import { defineEvaluator } from "../evaluator_definition.ts";
import {
  refuseTwoSpellings,
  requireTexts,
  textFields,
  toTexts,
} from "../searched_texts.ts";
import { clip } from "../text/clip.ts";
import { toComparable } from "../text/comparable.ts";

/** Absence of texts. */
export const notContains = defineEvaluator({
  schema: z.strictObject({
    type: z.literal("not-contains"),
    ...textFields,
    ignoreCase,
    ...responseFields,
  }).superRefine((config, context) => {
    refuseTwoSpellings(config, context);
    requireTexts(config, context);
  }),
  example: { type: "not-contains", text: "As an AI" },
  summary: "Is a text, or are several, absent from the response?",
  score: "share of the texts that are absent",
  passed: "when all of them are",
  create: (config) => {
    const unwanted = toTexts(config).map((text) => toComparable(text, config));
    return ({ response }) => {
      const whole = toComparable(response, config);
      const found = unwanted.filter((text) => whole.includes(text));
      return {
        score: 1 - found.length / unwanted.length,
        passed: found.length === 0,
        explanation: found.length > 0
          ? `found: ${clip(found.join(" | "), 500)}`
          : undefined,
      };
    };
  },
});
