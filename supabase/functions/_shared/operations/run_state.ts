import * as z from "zod";
import { runIdSchema } from "../run_id.ts";
import { RUN_STATUSES } from "../queue/task_queue.ts";

const count = z.int().nonnegative();

/** A run as people ask for it. */
export const runStateSchema = z.object({
  runId: runIdSchema,
  status: z.enum(RUN_STATUSES),
  experimentName: z.string(),
  resultsTable: z.string(),
  extracted: count,
  succeeded: count,
  failed: count,
  cached: count,
  open: count,
  inputTokens: count,
  outputTokens: count,
  cost: z.number().describe("USD"),
  error: z.string().nullable(),
  notice: z.string().nullable(),
  startedAt: z.string().nullable(),
  finishedAt: z.string().nullable(),
});

export type RunState = z.output<typeof runStateSchema>;
