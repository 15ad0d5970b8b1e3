import type { ModelCaller } from "../model/call_model.ts";
import type { FinishReason, ModelResult } from "../model/model_result.ts";
import type { TaskHandler } from "../queue/drain.ts";
import type { TaskError } from "../task_error.ts";
import { toCallFacts } from "./call_facts.ts";
import { withLimitOfTask } from "./limit_of_task.ts";
import type { Evaluation } from "./with_evaluators.ts";

/** The payload of a judge task: which of the questions that an evaluator asks about a row. */
export interface JudgePayload {
  evaluationId: number;
  evaluator: string;
  /** From 1 to `votes`; the last one in writes the score. */
  vote: number;
  votes: number;
  /** Model parameters of the judge, by which money is set aside. */
  parameters?: Record<string, unknown>;
}

/** A request to a judge, as the database knows its answer again. */
export interface JudgeRequest {
  prompt: string;
  model?: string;
  parameters: Record<string, unknown>;
}

export interface CachedAnswer {
  response: string;
  model?: string;
  finishReason: FinishReason;
}

export interface JudgeDependencies extends Evaluation {
  /** The judge: all tasks of a worker ask the same endpoint. */
  caller: ModelCaller;
  /** What was answered to the same request before; absent when the run does not cache. */
  findAnswer?(
    request: JudgeRequest,
    repetition: number,
  ): Promise<CachedAnswer | null>;
}

/** Works on stage judge: one call per task, whose answer is one vote. */
export function createJudgeHandler(
  { evaluators, readRows, context, caller, findAnswer }: JudgeDependencies,
): TaskHandler {
  return async function judgeResponse(task, { signal }) {
    const payload = task.payload as JudgePayload;
    const evaluator = evaluators.find(({ name }) => name === payload.evaluator);
    const [row] = await readRows([payload.evaluationId]);
    if (!row || !evaluator) {
      return toFailure(
        "nothing_to_judge",
        "Cannot score: the row or its evaluator is gone",
      );
    }
    const asked = await evaluator.evaluate(row, { ...context, signal });
    if (!Array.isArray(asked)) {
      const { evaluator: _, error, ...verdict } = asked;
      return error === undefined
        ? { outcome: "succeeded", vote: verdict }
        : toFailure("nothing_to_judge", error);
    }
    const question = asked[payload.vote - 1];
    const { prompt, judge: { model, parameters } } = question;
    const request = { prompt, model, parameters };
    const known = await findAnswer?.(request, task.repetition);
    const result = known ? toResult(known) : await caller.call({
      prompt,
      parameters: withLimitOfTask(task, { ...parameters, model }),
      signal,
    });
    const facts = known
      ? { model: known.model, cached: true }
      : toCallFacts(result);
    if (!result.ok) {
      return { outcome: "failed", error: toJudgeError(result.error), ...facts };
    }
    const { text: answer, finishReason } = result;
    const { error, ...verdict } = question.read(result);
    if (error !== undefined) {
      return {
        ...toFailure("unreadable_answer", error),
        vote: { answer },
        ...facts,
      };
    }
    return {
      outcome: "succeeded",
      vote: { ...verdict, answer },
      finishReason,
      ...facts,
      ...known ? {} : { response: answer, request: findAnswer && request },
    };
  };
}

function toResult(
  { response, model, finishReason }: CachedAnswer,
): ModelResult {
  return { ok: true, text: response, model, finishReason, durationMs: 0 };
}

function toFailure(code: string, message: string) {
  return {
    outcome: "failed" as const,
    error: { class: "permanent" as const, code, message },
  };
}

function toJudgeError(error: TaskError): TaskError {
  const what = error.class === "stop"
    ? "The judge cannot be called"
    : "Cannot score: the judge failed";
  return { ...error, message: `${what}: ${error.message}` };
}
