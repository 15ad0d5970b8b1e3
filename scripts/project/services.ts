import { resolve } from "node:dns/promises";
import { createDatabase } from "../../supabase/functions/_shared/database.ts";
import {
  createProject,
  type Services,
} from "../../supabase/functions/_shared/operations/services.ts";
import { systemClock } from "../../supabase/functions/_shared/queue/system_clock.ts";
import { readSecret } from "../../supabase/functions/_shared/read_secret.ts";
import { createArchiveStorage } from "../../supabase/functions/_shared/storage.ts";
import { extractFiles } from "../pipeline/extract_files.ts";
import { findFiles } from "../pipeline/find_files.ts";
import type { Connection } from "./connection.ts";
import { createProjectClient } from "./create_client.ts";
import { refuseRedirects } from "./refuse_redirects.ts";

/**
 * What operations work with on this machine: no limits of time, local directories, and a project only
 * if there is a connection.
 */
export function createLocalServices(
  connection: Connection | undefined,
  { fetch, allowPrivateHosts }: {
    fetch: typeof globalThis.fetch;
    allowPrivateHosts: boolean;
  },
): Services {
  const client = connection && createProjectClient(connection);
  const database = client && createDatabase(client);
  return {
    caller: { kind: "service" },
    project: connection && client && database && createProject(
      client,
      database,
      createArchiveStorage({
        supabaseUrl: connection.url,
        secretKey: connection.secretKey,
      }, refuseRedirects(fetch)),
    ),
    model: {
      fetch,
      resolveDns: (host, recordType) =>
        resolve(host, recordType) as Promise<string[]>,
      now: systemClock.now,
      allowPrivateHosts,
      resolveSecret: (name) =>
        database ? readSecret(database, name) : Promise.reject(
          new Error(
            `Cannot read secret "${name}": there is no connection to a project`,
          ),
        ),
    },
    clock: systemClock,
    random: Math.random,
    readDirectory: (directory, options) =>
      extractFiles(findFiles([directory]), options),
    waitLimitMs: Infinity,
  };
}
