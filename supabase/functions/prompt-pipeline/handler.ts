import * as z from "zod";
import { PipelineError } from "../_shared/errors.ts";
import { withCors } from "../_shared/http/cors.ts";
import {
  type Call,
  createOperationHandler,
  type HandlerDependencies,
} from "../_shared/http/operation_handler.ts";
import { type Addresses, toPublicUrl } from "../_shared/http/public_url.ts";
import { answerMcp } from "../_shared/mcp/mcp_handler.ts";
import {
  createOpenApiDocument,
  toFunctionName,
} from "../_shared/operations/openapi.ts";
import {
  OPERATION_NAMES,
  OPERATIONS,
} from "../_shared/operations/operations.ts";

const callSchema = z.looseObject({ operation: z.enum(OPERATION_NAMES) });

/**
 * Builds the handler of all operations: GET describes them, POST runs the one that the last part of the
 * path names (`prompt-pipeline/execute-batch`), or else the body (`{operation, …}`). Agents speak the
 * Model Context Protocol at `prompt-pipeline/mcp`.
 *
 * @param addresses of the project
 */
export function createHandler(
  addresses: Addresses,
  dependencies: HandlerDependencies,
): (request: Request) => Promise<Response> {
  // Written when it is asked for: it would cost every start of the function processor time.
  const describe = withCors((request) =>
    Promise.resolve(Response.json(
      createOpenApiDocument(
        `${toPublicUrl(addresses, request)}/functions/v1/prompt-pipeline`,
      ),
    ))
  );
  const byPath = new Map(OPERATION_NAMES.map((name) => [
    toFunctionName(name),
    createOperationHandler(
      (input) => ({ operation: OPERATIONS[name], name, input }),
      OPERATIONS[name].maxBodyBytes,
      dependencies,
    ),
  ]));
  const run = createOperationHandler(
    chooseOperation,
    Math.max(...OPERATION_NAMES.map((name) => OPERATIONS[name].maxBodyBytes)),
    dependencies,
  );
  const answerAgents = withCors((request) =>
    answerMcp(request, addresses, dependencies)
  );
  return (request) => {
    const path = new URL(request.url).pathname.split("/");
    if (path.includes("mcp")) return answerAgents(request);
    if (request.method === "GET") return describe(request);
    return (byPath.get(path.at(-1)!) ?? run)(request);
  };
}

function chooseOperation(body: unknown): Call {
  const call = callSchema.safeParse(body);
  if (!call.success) {
    throw new PipelineError(
      "invalid_request",
      `Cannot tell the operation: write {"operation": …} with one of ${
        OPERATION_NAMES.join(", ")
      }`,
    );
  }
  const { operation, ...input } = call.data;
  return { operation: OPERATIONS[operation], name: operation, input };
}
