import * as z from "zod";
import { PipelineError, toErrorResponse } from "../_shared/errors.ts";
import { readBody } from "../_shared/http/read_body.ts";
import type { BackgroundWorker } from "../_shared/stages/background_worker.ts";
import type { WorkerFacts } from "../_shared/worker_facts.ts";

const wakeSchema = z.object({
  workerId: z.uuid(),
  token: z.string().min(1).max(200),
});

/** Anybody may send one, so no more of it is read than a wake has. */
const MOST_BYTES = 10_000;

/**
 * Builds the handler of a wake: check the token, answer 202 at once, work afterwards. GET tells the
 * owner of the project what kind of worker it is.
 */
export function createHandler(
  { start, work, waitUntil }: Omit<BackgroundWorker, "begin">,
  describe: (request: Request) => Promise<WorkerFacts>,
): (request: Request) => Promise<Response> {
  return async function handle(request) {
    try {
      if (request.method === "GET") {
        return Response.json(await describe(request));
      }
      const wake = wakeSchema.safeParse(await readBody(request, MOST_BYTES));
      if (!wake.success) {
        throw new PipelineError(
          "invalid_request",
          `Cannot read the wake: ${z.prettifyError(wake.error)}`,
        );
      }
      const assignment = await start(wake.data.workerId, wake.data.token);
      if (!assignment) {
        throw new PipelineError(
          "unauthorized",
          "Cannot start the worker: its token is unknown, used or expired, or the run is not running",
        );
      }
      waitUntil(work(assignment));
      return Response.json({ workerId: assignment.workerId }, { status: 202 });
    } catch (error) {
      return toErrorResponse(error);
    }
  };
}
