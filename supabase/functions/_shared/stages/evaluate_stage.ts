import type {
  Assignment,
  StageDependencies,
  StageOfWork,
} from "./assignment.ts";
import { createEvaluateHandler } from "./evaluate_responses.ts";
import { withEvaluators } from "./with_evaluators.ts";

/** Rows that one isolate's 2 s of processor time are good for, with a margin. */
const ROWS_PER_WORKER = 4_000;
/** The same of what the evaluators take, which a user may have made slow. */
const MS_PER_WORKER = 1_000;
/** A task brings up to a hundred rows with a score of every evaluator: a few make a large body. */
const FLUSH_SIZE = 4;

/** Connects stage evaluate to the database and the web. */
export function createEvaluateStage(
  assignment: Assignment,
  dependencies: StageDependencies,
): StageOfWork {
  let rows = 0;
  let spent = 0;
  let told = 0;
  /** The larger of both, as it grows. */
  function tell() {
    const load = Math.max(rows / ROWS_PER_WORKER, spent / MS_PER_WORKER);
    dependencies.use(load - told);
    told = load;
  }
  return withEvaluators(assignment, dependencies, (evaluation) => ({
    handle: createEvaluateHandler({
      ...evaluation,
      async readRows(ids) {
        const read = await evaluation.readRows(ids);
        rows += read.length;
        tell();
        return read;
      },
    }, {
      now: () => performance.now(),
      onSpent(milliseconds) {
        spent += milliseconds;
        tell();
      },
    }),
    flushSize: FLUSH_SIZE,
  }));
}
