import type { ModelCaller } from "../model/call_model.ts";
import type { Message } from "../prompt.ts";
import type { TaskHandler } from "../queue/task_handler.ts";
import type { TaskOutcome } from "../queue/task_queue.ts";
import { toCallFacts } from "./call_facts.ts";
import { withLimitOfTask } from "./limit_of_task.ts";

/** The payload of an execute task, as far as a call needs it. */
export interface PromptPayload {
  text: string;
  messages?: Message[];
  /** Model parameters of this prompt; they win over those of the run. */
  parameters?: Record<string, unknown>;
  /** Why it cannot be sent: its run's template has a variable that it lacks. */
  problem?: string;
}

/** Works on stage execute: one model call per task. */
export function createExecuteHandler(
  caller: ModelCaller,
  run: { parameters: Record<string, unknown>; keepBody: boolean },
  now: () => number,
): TaskHandler {
  return async function executePrompt(task, { signal }) {
    const payload = task.payload as PromptPayload;
    if (payload.problem !== undefined) return notSendable(payload.problem);
    if (task.cached) {
      return {
        outcome: "succeeded",
        ...task.cached,
        cached: true,
        metadata: { cached: true },
      };
    }
    const waitMs = Math.max(0, now() - Date.parse(task.enqueuedAt));
    const result = await caller.call({
      prompt: payload.text,
      messages: payload.messages,
      parameters: withLimitOfTask(task, {
        ...run.parameters,
        ...payload.parameters,
      }),
      keepBody: run.keepBody,
      signal,
    });
    const facts = {
      ...toCallFacts(result),
      metadata: { waitMs: Math.round(waitMs), body: result.body },
    };
    const outcome: TaskOutcome = result.ok
      ? {
        outcome: "succeeded",
        response: result.text,
        toolCalls: result.toolCalls,
        finishReason: result.finishReason,
        ...facts,
      }
      : { outcome: "failed", error: result.error, ...facts };
    return outcome;
  };
}

function notSendable(message: string): TaskOutcome {
  return {
    outcome: "failed",
    error: { class: "permanent", code: "template_not_filled", message },
    isUnpaid: true,
  };
}
