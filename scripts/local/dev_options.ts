import { parseArgs } from "node:util";
import { readPort } from "./read_port.ts";

/** What `deno task dev` was asked for. */
export interface DevOptions {
  help: boolean;
  /** Forget the data of earlier runs. */
  reset: boolean;
  /** Apply no migrations, whatever files have made the database. */
  asItIs: boolean;
  port?: number;
  dataDir?: string;
  databaseUrl?: string;
  /** Where another project is. */
  project?: string;
  /** Start a simulated model, and name it in the endpoint "simulator". */
  simulator: boolean;
}

/** What `deno task dev --help` prints. */
export const usage =
  `Start the embedded Supabase of this clone and leave it running.

Usage: deno task dev [options]

  --port N      Port of the API, 54321 by default; the next free one when busy.
                PostgreSQL and Studio take the ports after it.
  --project DIR Serve the Supabase project in DIR instead of this clone's.
  --data DIR    Folder for databases and objects; by default one per project.
  --db-url URL  Use this PostgreSQL 15 or newer instead of the embedded one.
                Its own pg_net, pg_cron and supabase_vault are used if it has them.
  --reset       Begin with an empty database and empty buckets.
  --as-it-is    Apply no migrations: to export from a database that other files
                than these have made.
  --no-simulator
                Without the endpoint "simulator", which answers like a model.
  --help        Show this.`;

/**
 * Reads the arguments of `deno task dev`.
 *
 * @throws Error that names the argument that makes no sense
 */
export function readDevOptions(args: string[]): DevOptions {
  const { values } = parseArgs({
    args,
    options: {
      help: { type: "boolean", default: false },
      reset: { type: "boolean", default: false },
      "as-it-is": { type: "boolean", default: false },
      port: { type: "string" },
      data: { type: "string" },
      project: { type: "string" },
      "db-url": { type: "string" },
      "no-simulator": { type: "boolean", default: false },
    },
  });
  const { help, reset, project, data: dataDir, "db-url": databaseUrl } = values;
  const port = readPort(values.port);
  if (databaseUrl !== undefined && !/^postgres(ql)?:\/\//.test(databaseUrl)) {
    throw new Error(
      "Cannot use --db-url: give postgres://user:password@host:port/database",
    );
  }
  if (databaseUrl !== undefined && reset) {
    throw new Error(
      "Cannot reset the database of --db-url: empty it yourself, or leave --reset out",
    );
  }
  const asItIs = values["as-it-is"];
  // A database of other files may have no place for its endpoint.
  const simulator = !values["no-simulator"] && !asItIs;
  return {
    help,
    reset,
    asItIs,
    port,
    dataDir,
    databaseUrl,
    project,
    simulator,
  };
}
