import { PipelineError, toErrorResponse } from "../errors.ts";
import type { Log } from "../log.ts";
import type { Caller } from "../operations/caller.ts";
import type { Operation } from "../operations/operation.ts";
import type { Services } from "../operations/services.ts";
import { withCors } from "./cors.ts";
import { createOperationLog } from "./operation_log.ts";
import { readBody } from "./read_body.ts";

export interface HandlerDependencies {
  authenticate(request: Request): Promise<Caller>;
  log: Log;
  services: Omit<Services, "caller" | "idempotencyKey">;
}

/** An operation, and the input it is to be run with, that a request asks for. */
export interface Call {
  operation: Pick<Operation, "run" | "isUnfinished">;
  /** For the log. */
  name: string;
  input: unknown;
}

/**
 * Builds the handler of operations over HTTP: who asks, what is asked, do it, answer. `choose` tells
 * the operation from the body.
 */
export function createOperationHandler(
  choose: (body: unknown) => Call,
  maxBodyBytes: number,
  { authenticate, services, log }: HandlerDependencies,
): (request: Request) => Promise<Response> {
  return withCors(async function handle(request) {
    const logged = createOperationLog(request, log, services.clock.now);
    try {
      if (request.method !== "POST") {
        throw new PipelineError(
          "method_not_allowed",
          `Cannot answer ${request.method}: send POST`,
        );
      }
      const caller = await authenticate(request);
      const { operation, name, input } = choose(
        await readBody(request, maxBodyBytes),
      );
      logged.begin(name);
      const idempotencyKey = readIdempotencyKey(request);
      const output = await operation.run(input, {
        ...services,
        caller,
        idempotencyKey,
      });
      const status = operation.isUnfinished?.(output) ? 202 : 200;
      return logged.end(Response.json(output, { status }), output);
    } catch (error) {
      return logged.end(toErrorResponse(error));
    }
  });
}

function readIdempotencyKey({ headers }: Request): string | undefined {
  const key = headers.get("idempotency-key") ?? undefined;
  if (key === undefined || (key.length > 0 && key.length <= 200)) return key;
  throw new PipelineError(
    "invalid_request",
    "Cannot use the Idempotency-Key: give 1 to 200 characters",
  );
}
