import type { RunId } from "../run_id.ts";
import type { Config } from "../config.ts";
import { createDatabase, createServiceClient } from "../database.ts";
import { PipelineError } from "../errors.ts";
import { createLog } from "../log.ts";
import { createProjectDns } from "../model/project_dns.ts";
import { createProject } from "../operations/services.ts";
import { systemClock } from "../queue/system_clock.ts";
import { readSecret } from "../read_secret.ts";
import { createArchiveStorage } from "../storage.ts";
import { createAuthenticator } from "./authenticate.ts";
import { createProjectUrlOffer } from "./offer_project_url.ts";
import type { HandlerDependencies } from "./operation_handler.ts";

/** A request without an answer is given up after 150 s: https://supabase.com/docs/guides/functions/limits */
const MOST_SECONDS = 140;

/** What the handlers of an Edge Function work with. */
export function createHandlerDependencies(
  config: Config,
  beginRun?: (runId: RunId) => void,
): HandlerDependencies {
  const client = createServiceClient(config.supabaseUrl, config.secretKey);
  const database = createDatabase(client);
  const authenticate = createAuthenticator(config, client.auth);
  const offerProjectUrl = createProjectUrlOffer(database, config.supabaseUrl);
  const milliseconds = Math.min(config.workerSeconds, MOST_SECONDS) * 1000;
  return {
    async authenticate(request) {
      const caller = await authenticate(request);
      await offerProjectUrl();
      if (
        caller.kind === "user" && caller.isAnonymous &&
        !await database.call("pipeline_takes_anonymous", {})
      ) {
        throw new PipelineError(
          "forbidden",
          "Cannot accept the request: anonymous sign-ins are no users of this project's pipeline",
        );
      }
      return caller;
    },
    log: createLog(config.logLevel),
    services: {
      project: createProject(
        client,
        database,
        createArchiveStorage(config, fetch),
      ),
      model: {
        fetch,
        resolveDns: createProjectDns(config.supabaseUrl, Deno.resolveDns)
          .resolve,
        now: systemClock.now,
        allowPrivateHosts: config.allowPrivateHosts,
        resolveSecret: (name) => readSecret(database, name),
      },
      clock: systemClock,
      random: Math.random,
      waitLimitMs: milliseconds,
      beginRun,
      limits: {
        milliseconds,
        prompts: 1_000,
        bytes: 100_000_000,
        characters: 10_000_000,
      },
    },
  };
}
