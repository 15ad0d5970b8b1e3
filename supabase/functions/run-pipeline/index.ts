import { readConfig } from "../_shared/config.ts";
import { createHandlerDependencies } from "../_shared/http/create_services.ts";
import { createOperationHandler } from "../_shared/http/operation_handler.ts";
import { OPERATIONS } from "../_shared/operations/operations.ts";
import { createBackgroundWorker } from "../_shared/stages/background_worker.ts";

const config = readConfig(Deno.env.toObject());
const operation = OPERATIONS.run_pipeline;

export default {
  fetch: createOperationHandler(
    (input) => ({ operation, name: "run_pipeline", input }),
    operation.maxBodyBytes,
    createHandlerDependencies(config, createBackgroundWorker(config).begin),
  ),
};
