import type { Database } from "../database.ts";
import { PipelineError } from "../errors.ts";
import { FunctionFailure } from "../evaluation/evaluators/sql.ts";

/** Calls functions of the project that evaluators name, and tells what fails in them from what fails. */
export function createFunctionCaller(database: Database) {
  return async function callFunction(
    name: string,
    rows: readonly object[],
  ): Promise<unknown[]> {
    try {
      return await database.call("pipeline_call_evaluation_function", {
        name,
        rows,
      });
    } catch (error) {
      if (!(error instanceof PipelineError) || error.code === "unavailable") {
        throw error;
      }
      throw toFailure(name, error);
    }
  };
}

function toFailure(name: string, { code, message, cause }: PipelineError) {
  if (code === "timed_out") {
    return new FunctionFailure(`${name} took longer than 5 s`);
  }
  const said = message.replace(
    /^Cannot call pipeline_call_evaluation_function\(\): /,
    `${name} failed: `,
  );
  const isOfAll = code === "forbidden" ||
    /it is not registered/.test((cause as Error | undefined)?.message ?? "");
  return new FunctionFailure(said, isOfAll);
}
