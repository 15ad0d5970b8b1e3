import { type OutputUnit, type Schema, Validator } from "@cfworker/json-schema";
import type { JsonObject } from "../../model/json_value.ts";
import { boundSchema, draftOf } from "./bound_schema.ts";
import { repeatedItems } from "./repeated_items.ts";
import { countSteps } from "./step_budget.ts";

/** A schema whose validation has a budget of steps and time. */
export interface CompiledSchema {
  /** Begins the budget anew, for the next response. */
  begin(): void;
  /** @throws {RangeError} when the budget is used up */
  validate(value: unknown): { valid: boolean; errors: OutputUnit[] };
}

/** Prepares a schema in which `problemsOfSchema()` finds nothing. */
export function compileSchema(given: JsonObject | boolean): CompiledSchema {
  const schema = typeof given === "boolean" ? { allOf: [given] } : given;
  const repeated: unknown[] = [];
  const asksForUnique = JSON.stringify(schema).includes('"uniqueItems"');
  const bound = boundSchema(schema, repeated);
  const { begin } = countSteps(bound);
  const validator = new Validator(bound as Schema, draftOf(schema), false);
  return {
    begin,
    validate(value) {
      if (asksForUnique) repeated.splice(0, Infinity, ...repeatedItems(value));
      return validator.validate(value);
    },
  };
}
