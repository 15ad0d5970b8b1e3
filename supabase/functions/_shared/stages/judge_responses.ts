import type { ModelCaller } from "../model/call_model.ts";
import type { FinishReason, ModelResult } from "../model/model_result.ts";
import type { Question } from "../evaluation/judging/question.ts";
import type { TaskHandler } from "../queue/drain.ts";
import type { TaskError } from "../task_error.ts";
import { toCallFacts } from "./call_facts.ts";
import { withLimitOfTask } from "./limit_of_task.ts";
import { type JudgePayload, toJudgeTask } from "./judge_task.ts";
import type { Evaluation } from "./with_evaluators.ts";

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

/**
 * Works on stage judge: one call per task, whose answer is one vote. A question whose answer cannot be
 * read, or whose schema the endpoint refuses, is asked once more in words alone, by a task of its own.
 */
export function createJudgeHandler(
  { evaluators, readRows, context, caller, findAnswer }: JudgeDependencies,
): TaskHandler {
  /** False after the endpoint has refused one: it would refuse the others, too. */
  let takesSchema = true;

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
    const hasSchema = takesSchema && !payload.again;
    const request = toRequest(question, { hasSchema, again: payload.again });
    const known = await findAnswer?.(request, task.repetition);
    const { prompt, model, parameters } = request;
    const result = known ? toResult(known) : await caller.call({
      prompt,
      parameters: withLimitOfTask(task, { ...parameters, model }),
      signal,
    });
    const facts = known
      ? { model: known.model, cached: true }
      : toCallFacts(result);
    const askAgain = (error: string, answer?: string) => ({
      outcome: "succeeded" as const,
      vote: { error, answer, isAskedAgain: true },
      enqueue: [toJudgeTask(question, { ...payload, again: true })],
      ...facts,
    });
    if (!result.ok) {
      if (hasSchema && isAboutSchema(result.error)) {
        takesSchema = false;
        return askAgain(toJudgeError(result.error).message);
      }
      return { outcome: "failed", error: toJudgeError(result.error), ...facts };
    }
    const { text: answer, finishReason } = result;
    const { error, ...verdict } = question.read(result);
    if (error !== undefined) {
      if (!payload.again) return askAgain(error, answer);
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

function toRequest(
  { prompt, judge: { model, parameters }, responseSchema }: Question,
  { hasSchema, again }: { hasSchema: boolean; again?: boolean },
): JudgeRequest {
  return {
    prompt: again
      ? `${prompt}\n\nThe JSON object alone: an answer in another form could not be read.`
      : prompt,
    model,
    parameters: hasSchema ? { responseSchema, ...parameters } : parameters,
  };
}

/**
 * Whether a request was refused for its response schema, which many servers that speak OpenAI's API do
 * not know: "This response_format type is unavailable now" (DeepSeek), "does not support response
 * format `json_schema`" (Groq), "Unknown name responseJsonSchema" (Gemini).
 */
function isAboutSchema({ class: errorClass, message }: TaskError): boolean {
  return errorClass !== "rate" && errorClass !== "transient" &&
    /response.?format|json.?schema|response.?schema|output_(?:config|format)|structured.?output/i
      .test(message);
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
