import { PipelineError } from "../errors.ts";
import type { Task, TaskOutcome, TaskQueue } from "./task_queue.ts";

interface Result {
  task: Task;
  outcome: TaskOutcome;
}

type Finished = Awaited<ReturnType<TaskQueue["finish"]>>;

/**
 * Stores results. A batch that is refused as a whole, because it is too large or one of them is no
 * JSON that Postgres takes, is halved until the one is found, which fails as `not_storable` with its
 * usage: a call that was paid for must not be made again for its result.
 *
 * @throws {PipelineError} when not even that can be stored
 */
export async function finishResults(
  queue: Pick<TaskQueue, "finish">,
  results: Result[],
): Promise<Finished> {
  try {
    return await queue.finish(results);
  } catch (error) {
    if (!isRefusal(error)) throw error;
    if (results.length > 1) {
      const middle = Math.ceil(results.length / 2);
      const first = await finishResults(queue, results.slice(0, middle));
      const second = await finishResults(queue, results.slice(middle));
      return {
        status: second.status,
        finished: [...first.finished, ...second.finished],
        blockedMs: Math.max(first.blockedMs, second.blockedMs),
      };
    }
    const [{ task, outcome }] = results;
    return await queue.finish([{ task, outcome: toFailure(outcome, error) }]);
  }
}

/** Neither a database that is away nor a lease that was lost: the same call would be refused again. */
function isRefusal(error: unknown): error is PipelineError {
  return error instanceof PipelineError &&
    ["invalid_request", "too_large", "internal"].includes(error.code);
}

function toFailure(outcome: TaskOutcome, { message }: PipelineError) {
  const { inputTokens, outputTokens, durationMs, usage, cached } = outcome;
  return {
    outcome: "failed" as const,
    error: {
      class: "permanent" as const,
      code: "not_storable",
      message: `Cannot store what came of it: ${message.slice(0, 500)}`,
    },
    ...{ inputTokens, outputTokens, durationMs, usage, cached },
  };
}
