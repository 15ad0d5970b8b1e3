import * as z from "zod";
import type { StageOfWork } from "./assignment.ts";

/** A stage whose tasks all fail, because `what` the run asks for cannot be used. */
export function refusedStage(what: string, problem: z.ZodError): StageOfWork {
  const outcome = {
    outcome: "failed" as const,
    error: {
      class: "permanent" as const,
      code: "invalid_request",
      message: `Cannot use the run's ${what}: ${z.prettifyError(problem)}`,
    },
  };
  return { handle: () => Promise.resolve(outcome) };
}
