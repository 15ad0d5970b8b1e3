import type {
  Assignment,
  StageDependencies,
  StageOfWork,
} from "./assignment.ts";
import { createEvaluateHandler } from "./evaluate_responses.ts";
import { withEvaluators } from "./with_evaluators.ts";

/** Rows that one isolate's 2 s of processor time are good for, with a margin. */
const ROWS_PER_WORKER = 4_000;
/** A task brings up to a hundred rows with a score of every evaluator: a few make a large body. */
const FLUSH_SIZE = 4;

/** Connects stage evaluate to the database and the web. */
export function createEvaluateStage(
  assignment: Assignment,
  dependencies: StageDependencies,
): StageOfWork {
  return withEvaluators(assignment, dependencies, (evaluation) => ({
    handle: createEvaluateHandler({
      ...evaluation,
      async readRows(ids) {
        const read = await evaluation.readRows(ids);
        dependencies.use(read.length / ROWS_PER_WORKER);
        return read;
      },
    }),
    flushSize: FLUSH_SIZE,
  }));
}
