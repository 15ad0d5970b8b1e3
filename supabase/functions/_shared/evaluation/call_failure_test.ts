import { equal } from "node:assert/strict";
import { PipelineError } from "../errors.ts";
import { CallFailure, toCallFailure } from "./call_failure.ts";

Deno.test("toCallFailure() keeps a failure as it is", () => {
  const failure = new CallFailure("no use");
  equal(toCallFailure(failure), failure);
});

Deno.test("toCallFailure() names what may go better another time", () => {
  const unavailable = new PipelineError("unavailable", "no database");
  equal(toCallFailure(unavailable).message, "Cannot score: no database");
  equal(toCallFailure(unavailable).failure?.class, "transient");
  const aborted = AbortSignal.abort().reason;
  equal(toCallFailure(aborted).failure?.code, "aborted");
});

Deno.test("toCallFailure() takes everything else for final", () => {
  for (const error of [new RangeError("too deep"), "text", undefined]) {
    equal(toCallFailure(error).failure, undefined);
  }
  const forbidden = new PipelineError("forbidden", "not yours");
  equal(toCallFailure(forbidden).failure, undefined);
});
