import { readConfig } from "../_shared/config.ts";
import { createHandlerDependencies } from "../_shared/http/create_services.ts";
import { createOperationHandler } from "../_shared/http/operation_handler.ts";
import { OPERATIONS } from "../_shared/operations/operations.ts";

const operation = OPERATIONS.run_sweep;

export default {
  fetch: createOperationHandler(
    (input) => ({ operation, name: "run_sweep", input }),
    operation.maxBodyBytes,
    createHandlerDependencies(readConfig(Deno.env.toObject())),
  ),
};
