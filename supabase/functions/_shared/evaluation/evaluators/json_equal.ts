import * as z from "zod";
import { referencedFields, threshold } from "../config_fields.ts";
import { defineEvaluator } from "../evaluator_definition.ts";
import { jsonFields, parseResponse } from "../response_json.ts";
import { compareJson } from "../text/similar_json.ts";

/** Equality with a JSON value, part by part. */
export const jsonEqual = defineEvaluator({
  schema: z.strictObject({
    type: z.literal("json-equal"),
    threshold: threshold(1),
    ...jsonFields,
    ...referencedFields,
  }),
  example: {
    type: "json-equal",
    reference: { from: "metadata", path: "expected" },
  },
  summary:
    "Is the response the same JSON as the reference, whatever its spacing and the order of its keys? " +
    "With where anywhere the object or list that is most like it counts.",
  score:
    "mean over the keys of both, lists by place; texts by 1 − edits / length, numbers by 1 − difference / the larger, " +
    "and 0 for what is missing or of another type",
  passed: "when the score reaches the threshold; 1: all is equal",
  needsReference: () => true,
  create: ({ threshold, ...place }) => ({ response, referenceValue }) => {
    const expected = typeof referenceValue === "string"
      ? parseResponse(referenceValue, { allowCodeFence: true, where: "whole" })
      : { values: [referenceValue] };
    if ("problem" in expected) {
      return { error: `Cannot score: the reference is ${expected.problem}` };
    }
    const parsed = parseResponse(response, place);
    if ("problem" in parsed) {
      return { score: 0, passed: false, explanation: parsed.problem };
    }
    const { score, differences } = parsed.values
      .map((value) => compareJson(value, expected.values[0]))
      .reduce((best, next) => next.score > best.score ? next : best);
    return {
      score,
      passed: score >= threshold,
      explanation: differences.length > 0
        ? `differs at ${differences.join(", ")}`
        : undefined,
    };
  },
});
