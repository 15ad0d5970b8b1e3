import { readConfig } from "../_shared/config.ts";
import { createWorkerDescription } from "../_shared/http/describe_worker.ts";
import { createBackgroundWorker } from "../_shared/stages/background_worker.ts";
import { createHandler } from "./handler.ts";

const config = readConfig(Deno.env.toObject());

export default {
  fetch: createHandler(
    createBackgroundWorker(config),
    createWorkerDescription(config),
  ),
};
