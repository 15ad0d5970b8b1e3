import { dereference, type Schema } from "@cfworker/json-schema";
import { isJsonObject, type JsonObject } from "../../model/json_value.ts";

/** About 0.3 s: a visit of a place takes a microsecond. */
const MOST_STEPS = 250_000;
/** For what the steps do not see, such as the names of a large object that each visit looks at. */
const MOST_MS = 1_000;

/** What the validation of one response may take. */
export interface StepBudget {
  /** Begins anew, for the next response. */
  begin(): void;
}

/**
 * Makes every visit of a place of a schema count: with `$ref` and `allOf` a schema of sixty lines can
 * be visited 2^60 times. A visit is as many steps as the place has keywords, their lists counted by
 * length. The validator reads `$ref` whenever it comes by, and there it is told to end.
 *
 * @throws {RangeError} from the validator, when the budget is used up
 */
export function countSteps(
  schema: JsonObject,
  now: () => number = performance.now.bind(performance),
): StepBudget {
  let steps = 0;
  let endsAt = Infinity;
  for (const place of new Set(Object.values(dereference(schema as Schema)))) {
    if (!isJsonObject(place)) continue;
    const { $ref } = place;
    const weight = Object.values(place).reduce<number>(
      (sum, value) => sum + sizeOf(value),
      1,
    );
    Object.defineProperty(place, "$ref", {
      get() {
        steps += weight;
        if (steps > MOST_STEPS || now() > endsAt) {
          throw new RangeError(
            `the schema takes more than ${MOST_STEPS} steps or ${MOST_MS} ms for this response`,
          );
        }
        return $ref;
      },
    });
  }
  return {
    begin() {
      steps = 0;
      endsAt = now() + MOST_MS;
    },
  };
}

function sizeOf(value: unknown): number {
  if (Array.isArray(value)) return value.length;
  return isJsonObject(value) ? Object.keys(value).length : 1;
}
