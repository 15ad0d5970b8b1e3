import { callFunction } from "./project.ts";

/** What can be steered. */
export type Steered = "run" | "sweep" | "watch";

/** Steers a run, all runs of a sweep, or a watch. @throws Error saying what the project said */
export function steer(
  step: "pause" | "resume" | "cancel" | "retry" | "delete",
  what: Steered,
  id: number,
): Promise<unknown> {
  return callFunction(`${step}_pipeline_${what}`, { [`${what}_id`]: id });
}
