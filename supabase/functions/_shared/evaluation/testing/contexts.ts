import type { ModelResult } from "../../model/model_result.ts";
import type { EvaluationContext, JudgeRequest } from "../evaluator.ts";
import type { TaskError } from "../../task_error.ts";

/** A world in which every call is a mistake, but for those that are given. */
export function aContext(
  calls: Partial<EvaluationContext> = {},
): EvaluationContext {
  const refuse = () => Promise.reject(new Error("nobody may be asked"));
  return { judge: refuse, post: refuse, responseIn: refuse, ...calls };
}

/** A judge that gives these answers in turn, and what it was asked. */
export function aJudge(
  ...answers: (string | TaskError)[]
): { context: EvaluationContext; requests: JudgeRequest[] } {
  const requests: JudgeRequest[] = [];
  const context = aContext({
    judge: (request) => {
      const answer = answers[requests.length];
      requests.push(request);
      return Promise.resolve(toResult(answer));
    },
  });
  return { context, requests };
}

function toResult(answer: string | TaskError): ModelResult {
  return typeof answer === "string"
    ? { ok: true, text: answer, finishReason: "stop", durationMs: 5 }
    : { ok: false, error: answer, durationMs: 5 };
}
