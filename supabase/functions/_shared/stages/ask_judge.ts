import type { ModelCaller } from "../model/call_model.ts";
import type { FinishReason, ModelResult } from "../model/model_result.ts";
import type { Task } from "../queue/task_queue.ts";
import { toCallFacts } from "./call_facts.ts";
import { withLimitOfTask } from "./limit_of_task.ts";

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

export interface AskDependencies {
  /** The judge: all tasks of a worker ask the same endpoint. */
  caller: ModelCaller;
  /** What was answered to the same request before; absent when the run does not cache. */
  findAnswer?(
    request: JudgeRequest,
    repetition: number,
  ): Promise<CachedAnswer | null>;
}

/** Asks a judge, unless its answer is known. */
export async function askJudge(
  request: JudgeRequest,
  task: Task,
  signal: AbortSignal,
  { caller, findAnswer }: AskDependencies,
) {
  const known = await findAnswer?.(request, task.repetition);
  if (known) {
    return {
      result: toResult(known),
      facts: { model: known.model, cached: true },
      kept: {},
    };
  }
  const { prompt, model, parameters } = request;
  const result = await caller.call({
    prompt,
    parameters: withLimitOfTask(task, { ...parameters, model }),
    signal,
  });
  return {
    result,
    facts: toCallFacts(result),
    /** What the database remembers of an answer that can be read. */
    kept: result.ok
      ? { response: result.text, request: findAnswer && request }
      : {},
  };
}

function toResult(
  { response, model, finishReason }: CachedAnswer,
): ModelResult {
  return { ok: true, text: response, model, finishReason, durationMs: 0 };
}
