import type { Config } from "../config.ts";
import { createDatabase, createServiceClient } from "../database.ts";
import { PipelineError } from "../errors.ts";
import { createProjectDns } from "../model/project_dns.ts";
import { VERSION } from "../version.ts";
import type { WorkerFacts } from "../worker_facts.ts";
import { createAuthenticator } from "./authenticate.ts";
import { createProjectUrlOffer } from "./offer_project_url.ts";

/**
 * Tells the owner of the project what a worker is like here.
 *
 * @throws {PipelineError} `unauthorized`, for users too
 */
export function createWorkerDescription(
  config: Config,
): (request: Request) => Promise<WorkerFacts> {
  const client = createServiceClient(config.supabaseUrl, config.secretKey);
  const authenticate = createAuthenticator(config, client.auth);
  const offerProjectUrl = createProjectUrlOffer(
    createDatabase(client),
    config.supabaseUrl,
  );
  return async function describeWorker(request) {
    const { kind } = await authenticate(request);
    if (kind !== "service") {
      throw new PipelineError(
        "unauthorized",
        "Cannot tell about the worker: this is for a secret key",
      );
    }
    await offerProjectUrl();
    return {
      key: config.keyName,
      keys: Object.keys(config.secretKeys),
      workerSeconds: config.workerSeconds,
      version: VERSION,
      deno: Deno.version.deno,
      dns: await createProjectDns(config.supabaseUrl, Deno.resolveDns)
        .isThere(),
    };
  };
}
