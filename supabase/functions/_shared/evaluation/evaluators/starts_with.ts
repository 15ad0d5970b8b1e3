import * as z from "zod";
import { ignoreCase, responseFields } from "../config_fields.ts";
import { defineEvaluator } from "../evaluator_definition.ts";
import {
  refuseTwoSpellings,
  requireTexts,
  textFields,
  toTexts,
} from "../searched_texts.ts";
import { toComparable } from "../text/comparable.ts";

/** How a response begins. */
export const startsWith = defineEdge(
  "starts-with",
  "begin",
  (whole, text) => whole.startsWith(text),
);

/** How a response ends. */
export const endsWith = defineEdge(
  "ends-with",
  "end",
  (whole, text) => whole.endsWith(text),
);

function defineEdge<Type extends "starts-with" | "ends-with">(
  type: Type,
  verb: string,
  has: (whole: string, text: string) => boolean,
) {
  return defineEvaluator({
    schema: z.strictObject({
      type: z.literal(type),
      ...textFields,
      ignoreCase,
      trim: z.boolean().default(true)
        .describe("White space at both ends of the response does not count"),
      ...responseFields,
    }).superRefine((config, context) => {
      refuseTwoSpellings(config, context);
      requireTexts(config, context);
    }),
    example: { type, text: type === "starts-with" ? "Dear" : "." } as never,
    summary: `Does the response ${verb} with a text, or with one of several?`,
    score: "1 when it does, else 0",
    passed: "when it does",
    create: (config) => {
      const texts = toTexts(config)
        .map((text) => toComparable(text, { ignoreCase: config.ignoreCase }));
      return ({ response }) => {
        const whole = toComparable(response, config);
        const passed = texts.some((text) => has(whole, text));
        return { score: Number(passed), passed };
      };
    },
  });
}
