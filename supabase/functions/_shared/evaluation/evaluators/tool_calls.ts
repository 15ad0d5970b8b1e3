import { deepCompareStrict } from "@cfworker/json-schema";
import * as z from "zod";
import type { ToolCall } from "../../model/tool_calls.ts";
import { commonFields, threshold } from "../config_fields.ts";
import { defineEvaluator } from "../evaluator_definition.ts";
import { problemsOfSchema } from "../json_schema/bound_schema.ts";
import { compileSchema } from "../json_schema/compile_schema.ts";

/** More calls than anybody expects: the work grows with the product of both numbers. */
const MOST_CALLS = 200;

/** All comparisons of one row together. */
const MOST_MS = 1_000;

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
    return ({ row }, context) => {
      const made = row.toolCalls ?? [];
      if (made.length > MOST_CALLS) {
        return {
          error:
            `Cannot score: the model made ${made.length} calls, more than ${MOST_CALLS}`,
        };
      }
      const fits = findFits(expected, made, context.now);
      const met = config.inOrder ? meetInOrder(fits) : meetInAnyOrder(fits);
      const missing = expected.filter((_, place) => !met.has(place));
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
  /** Begins the budget of its schema anew, for the next row. */
  begin(): void;
  /** @throws {RangeError} when the budget is used up */
  accepts(call: ToolCall): boolean;
}

function toExpected(call: z.output<typeof callSchema>): ExpectedCall {
  const compiled = call.schema && compileSchema(call.schema);
  return {
    name: call.name,
    begin: () => compiled?.begin(),
    accepts(made) {
      if (made.name !== call.name) return false;
      const given = made.arguments ?? {};
      if (
        call.arguments !== undefined &&
        !deepCompareStrict(given, call.arguments)
      ) {
        return false;
      }
      return compiled?.validate(given).valid ?? true;
    },
  };
}

/** For each expected call, which of those that were made it accepts. */
type Fits = boolean[][];

/** @throws {RangeError} when it takes too long */
function findFits(
  expected: ExpectedCall[],
  made: ToolCall[],
  now: () => number,
): Fits {
  const endsAt = now() + MOST_MS;
  for (const call of expected) call.begin();
  return expected.map((call) =>
    made.map((one) => {
      if (now() > endsAt) {
        throw new RangeError(
          `the calls of this response take more than ${MOST_MS} ms to compare`,
        );
      }
      return call.accepts(one);
    })
  );
}

/** The places of the expected calls that are met when each takes one: augmenting paths, after H. W. Kuhn. */
function meetInAnyOrder(fits: Fits): Set<number> {
  const takenBy = new Map<number, number>();

  function take(place: number, seen: Set<number>): boolean {
    return fits[place].some((isFit, one) => {
      if (!isFit || seen.has(one)) return false;
      seen.add(one);
      const holder = takenBy.get(one);
      if (holder !== undefined && !take(holder, seen)) return false;
      takenBy.set(one, place);
      return true;
    });
  }

  for (const place of fits.keys()) take(place, new Set());
  return new Set(takenBy.values());
}

/** The same when they have to come in order: the longest common subsequence. */
function meetInOrder(fits: Fits): Set<number> {
  // From a place of both on, how many are met at most.
  const most = (place: number, one: number) => table[place]?.[one] ?? 0;
  const table: number[][] = [];
  for (let place = fits.length - 1; place >= 0; place--) {
    table[place] = [];
    for (let one = fits[place].length - 1; one >= 0; one--) {
      table[place][one] = Math.max(
        most(place + 1, one),
        most(place, one + 1),
        fits[place][one] ? most(place + 1, one + 1) + 1 : 0,
      );
    }
  }
  const met = new Set<number>();
  for (let place = 0, one = 0; most(place, one) > 0;) {
    if (most(place, one) === most(place + 1, one)) place++;
    else if (most(place, one) === most(place, one + 1)) one++;
    else {
      met.add(place++);
      one++;
    }
  }
  return met;
}
