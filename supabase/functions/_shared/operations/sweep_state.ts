import * as z from "zod";
import { runIdSchema } from "../run_id.ts";
import { runStateSchema } from "./run_state.ts";

const { status, succeeded, failed, open, cost, error, notice, startedAt } =
  runStateSchema.shape;

/** A sweep as people ask for it. */
export const sweepStateSchema = z.object({
  sweepId: runIdSchema,
  status: status.describe(
    "running as long as one of its runs is; paused when none can go on by itself",
  ),
  name: z.string(),
  answers: z.int().nonnegative().describe(
    "That all variants want to the prompts found so far",
  ),
  succeeded,
  failed,
  open,
  cost,
  error,
  notice,
  startedAt,
  finishedAt: runStateSchema.shape.finishedAt,
  runs: z.array(
    runStateSchema.pick({ runId: true, experimentName: true, status: true }),
  ).describe("One per variant"),
});

export type SweepState = z.output<typeof sweepStateSchema>;
