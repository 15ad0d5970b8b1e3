import type {
  Assignment,
  StageOfWork,
  WorkerDependencies,
} from "./assignment.ts";
import { createWebhookHandler } from "./call_webhooks.ts";
import { withEvaluators } from "./with_evaluators.ts";

/** A request of twenty rows and its answer take about 2 ms of processor time. */
const REQUESTS_PER_WORKER = 500;

/** Connects stage webhook to the database and the web. */
export function createWebhookStage(
  assignment: Assignment,
  dependencies: WorkerDependencies,
): StageOfWork {
  let requests = 0;
  return withEvaluators(assignment, dependencies, (evaluation) => {
    const call = createWebhookHandler(evaluation);
    return {
      handle(task, worker) {
        requests++;
        return call(task, worker);
      },
      load: () => requests / REQUESTS_PER_WORKER,
    };
  });
}
