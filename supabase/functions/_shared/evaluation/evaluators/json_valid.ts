import * as z from "zod";
import { responseFields } from "../config_fields.ts";
import { defineEvaluator } from "../evaluator_definition.ts";
import { jsonFields, parseResponse } from "../response_json.ts";

/** Well-formed JSON. */
export const jsonValid = defineEvaluator({
  schema: z.strictObject({
    type: z.literal("json-valid"),
    ...jsonFields,
    ...responseFields,
  }),
  example: { type: "json-valid", allowCodeFence: true },
  summary:
    "Is the response JSON, and nothing else? With where anywhere: does it hold an object or a list?",
  score: "1 when it is, else 0",
  passed: "when it is",
  create: (config) => ({ response }) => {
    const parsed = parseResponse(response, config);
    return "problem" in parsed
      ? { score: 0, passed: false, explanation: parsed.problem }
      : { score: 1, passed: true };
  },
});
