import * as z from "zod";
import type { ToolCall } from "../../model/tool_calls.ts";
import { commonFields, threshold } from "../config_fields.ts";
import { defineEvaluator } from "../evaluator_definition.ts";
import { problemsOfSchema } from "../json_schema/bound_schema.ts";
import { compileSchema } from "../json_schema/compile_schema.ts";
import { compareJson } from "../text/similar_json.ts";

/** More calls than anybody expects: the work grows with the product of both numbers. */
const MOST_CALLS = 200;

const callSchema = z.strictObject({
  name: z.string().min(1),
  arguments: z.json().optional(),
  schema: z.record(z.string(), z.json()).superRefine((schema, context) => {
    for (const message of problemsOfSchema(schema)) {
      context.addIssue({ code: "custom", message });
    }
  }).optional(),
});

/** Tool calls, by name, arguments and order. */
export const toolCalls = defineEvaluator({
  schema: z.strictObject({
    type: z.literal("tool-calls"),
    calls: z.array(callSchema).max(50).describe(
      'Calls that are expected, each {"name", "arguments"?, "schema"?}: arguments have to be equal, or satisfy a JSON Schema; ' +
        "without either the name is enough. An empty list: the model should call nothing",
    ),
    inOrder: z.boolean().default(false).describe(
      "The calls that are expected have to come in this order",
    ),
    allowOthers: z.boolean().default(false).describe(
      "Calls beside those that are expected cost nothing",
    ),
    threshold: threshold(1),
    ...commonFields,
  }),
  example: {
    type: "tool-calls",
    calls: [{ name: "get_weather", arguments: { city: "Paris" } }],
  },
  summary:
    "Did the model ask to call the right tools, with the right arguments, as often as expected?",
  score:
    "F1 of the calls: 2 · right / (expected + made), each expected call met by one that was made; " +
    "with allowOthers right / expected",
  passed: "when the score reaches the threshold",
  create: (config) => {
    const expected = config.calls.map(toExpected);
    return ({ row }) => {
      const made = row.toolCalls ?? [];
      if (made.length > MOST_CALLS) {
        return {
          error:
            `Cannot score: the model made ${made.length} calls, more than ${MOST_CALLS}`,
        };
      }
      const missing = config.inOrder
        ? missingInOrder(expected, made)
        : missingInAnyOrder(expected, made);
      const right = expected.length - missing.length;
      const all = config.allowOthers
        ? expected.length
        : (expected.length + made.length) / 2;
      const score = all === 0 ? 1 : right / all;
      return {
        score,
        passed: score >= config.threshold,
        explanation:
          `${right} of ${expected.length} expected calls, ${made.length} made${
            missing.length > 0
              ? `; missing: ${missing.map(({ name }) => name).join(", ")}`
              : ""
          }`,
      };
    };
  },
});

interface ExpectedCall {
  name: string;
  accepts(call: ToolCall): boolean;
}

function toExpected(call: z.output<typeof callSchema>): ExpectedCall {
  const compiled = call.schema && compileSchema(call.schema);
  return {
    name: call.name,
    accepts(made) {
      if (made.name !== call.name) return false;
      const given = made.arguments ?? {};
      if (
        call.arguments !== undefined &&
        compareJson(given, call.arguments).score < 1
      ) {
        return false;
      }
      compiled?.begin();
      return compiled?.validate(given).valid ?? true;
    },
  };
}

/** Exact calls take theirs first, so that a bare name does not take what only they could have. */
function missingInAnyOrder(expected: ExpectedCall[], made: ToolCall[]) {
  const taken = new Set<ToolCall>();
  const fewestFirst = expected.map((call) => ({
    call,
    fits: made.filter((one) => call.accepts(one)),
  })).sort((a, b) => a.fits.length - b.fits.length);
  return fewestFirst.filter(({ fits }) => {
    const free = fits.find((one) => !taken.has(one));
    if (free) taken.add(free);
    return free === undefined;
  }).map(({ call }) => call);
}

function missingInOrder(expected: ExpectedCall[], made: ToolCall[]) {
  let next = 0;
  return expected.filter((call) => {
    const at = made.findIndex((one, n) => n >= next && call.accepts(one));
    if (at < 0) return true;
    next = at + 1;
    return false;
  });
}
