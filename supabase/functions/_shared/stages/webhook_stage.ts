import type {
  Assignment,
  StageDependencies,
  StageOfWork,
} from "./assignment.ts";
import { createWebhookHandler } from "./call_webhooks.ts";
import { withEvaluators } from "./with_evaluators.ts";

/** A request of twenty rows and its answer take about 2 ms of processor time. */
const REQUESTS_PER_WORKER = 500;

/** Connects stage webhook to the database and the web. */
export function createWebhookStage(
  assignment: Assignment,
  dependencies: StageDependencies,
): StageOfWork {
  return withEvaluators(assignment, dependencies, (evaluation) => {
    const call = createWebhookHandler(evaluation);
    return {
      handle(task, worker) {
        dependencies.use(1 / REQUESTS_PER_WORKER);
        return call(task, worker);
      },
    };
  });
}
