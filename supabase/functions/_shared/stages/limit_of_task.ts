import { withOutputLimit } from "../model/output_limit.ts";
import type { Task } from "../queue/task_queue.ts";

/** Parameters of a call, with the limit of output tokens that its claim has set money aside for. */
export function withLimitOfTask(
  { maxTokens }: Pick<Task, "maxTokens">,
  parameters: Record<string, unknown>,
): Record<string, unknown> {
  return maxTokens == null
    ? parameters
    : withOutputLimit(parameters, maxTokens);
}
