import { assertEquals, assertRejects } from "@std/assert";
import type { Database } from "../database.ts";
import { PipelineError, type PipelineErrorCode } from "../errors.ts";
import { FunctionFailure } from "../evaluation/evaluators/sql.ts";
import { createFunctionCaller } from "./call_function.ts";

function callerOf(code: PipelineErrorCode, message: string) {
  const call = () => Promise.reject(new PipelineError(code, message));
  return createFunctionCaller({ call } as unknown as Database);
}

Deno.test("createFunctionCaller() tells a function that fails from a database that is away", async () => {
  const slow = await assertRejects(
    () => callerOf("timed_out", "canceled")("public.grade", []),
    FunctionFailure,
    "public.grade took longer than 5 s",
  );
  assertEquals(slow.isOfAll, false);
  await assertRejects(
    () =>
      callerOf(
        "internal",
        "Cannot call pipeline_call_evaluation_function(): no such city",
      )("public.grade", []),
    FunctionFailure,
    "public.grade failed: no such city",
  );
  const closed = await assertRejects(
    () => callerOf("forbidden", "permission denied")("public.grade", []),
    FunctionFailure,
  );
  assertEquals(closed.isOfAll, true);
  await assertRejects(
    () => callerOf("unavailable", "away")("public.grade", []),
    PipelineError,
  );
});
