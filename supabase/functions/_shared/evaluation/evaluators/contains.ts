import * as z from "zod";
import { ignoreCase, referencedFields } from "../config_fields.ts";
import { defineEvaluator } from "../evaluator_definition.ts";
import { clip } from "../text/clip.ts";
import { toComparable } from "../text/comparable.ts";
import { refuseTwoSpellings, textFields, toTexts } from "../searched_texts.ts";

/** Presence of texts. */
export const contains = defineEvaluator({
  schema: z.strictObject({
    type: z.literal("contains"),
    ...textFields,
    match: z.enum(["all", "any"]).default("all")
      .describe("Whether all texts or any one of them must be there"),
    ignoreCase,
    ...referencedFields,
  }).superRefine(refuseTwoSpellings),
  example: { type: "contains", texts: ["Paris", "France"], match: "any" },
  summary:
    "Is a text, or several, part of the response? Without text and texts: is the reference?",
  score: "share of the texts that are there",
  passed: "when all of them are, or with match any at least one",
  needsReference: (config) => toTexts(config).length === 0,
  create: (config) => {
    const wanted = toTexts(config).map((text) => toComparable(text, config));
    return ({ response, reference }) => {
      const texts = wanted.length > 0
        ? wanted
        : [toComparable(reference!, { ...config, trim: true })];
      const whole = toComparable(response, config);
      const missing = texts.filter((text) => !whole.includes(text));
      const found = texts.length - missing.length;
      return {
        score: found / texts.length,
        passed: config.match === "all" ? missing.length === 0 : found > 0,
        explanation: missing.length > 0
          ? `missing: ${clip(missing.join(" | "), 500)}`
          : undefined,
      };
    };
  },
});
