import type { TaskHandler } from "../queue/task_handler.ts";
import type { Evaluation } from "./with_evaluators.ts";

/** The payload of a task of stage webhook, as `enqueue_evaluations()` writes it. */
interface WebhookPayload {
  /** Name of the evaluator whose URL is called. */
  evaluator: string;
  /** At most as many rows as it takes in one request. */
  ids: number[];
}

/** Works on stage webhook: one request with stored rows to the URL of one evaluator of a run. */
export function createWebhookHandler(
  { evaluators, readRows, context }: Omit<Evaluation, "asksTyped">,
): TaskHandler {
  return async function callWebhook(task, { signal }) {
    const { evaluator: name, ids } = task.payload as WebhookPayload;
    const evaluator = evaluators.find((known) => known.name === name);
    const rows = await readRows(ids);
    const scores = await evaluator?.evaluateBatch?.(rows, {
      ...context,
      signal,
    }) ?? [];
    if (signal.aborted) return null;
    return {
      outcome: "succeeded",
      scores: scores.map((score, index) => ({
        evaluationId: rows[index].id,
        ...score,
      })),
    };
  };
}
