import type { TaskError } from "../task_error.ts";

/** An outcome that asking again would not mend. */
export function toFailure(code: string, message: string) {
  return {
    outcome: "failed" as const,
    error: { class: "permanent" as const, code, message },
  };
}

/** What an endpoint did, told of the evaluator that asked it. */
export function toJudgeError(error: TaskError): TaskError {
  const what = error.class === "stop"
    ? "The judge cannot be called"
    : "Cannot score: the judge failed";
  return { ...error, message: `${what}: ${error.message}` };
}
