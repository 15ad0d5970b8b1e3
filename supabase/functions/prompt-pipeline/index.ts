import { readConfig } from "../_shared/config.ts";
import { createHandlerDependencies } from "../_shared/http/create_services.ts";
import { createBackgroundWorker } from "../_shared/stages/background_worker.ts";
import { createHandler } from "./handler.ts";

const config = readConfig(Deno.env.toObject());

export default {
  fetch: createHandler(
    config,
    createHandlerDependencies(config, createBackgroundWorker(config).begin),
  ),
};
