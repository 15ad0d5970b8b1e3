import { parseArgs } from "node:util";

/** What `deno task dev` was asked for. */
export interface DevOptions {
  help: boolean;
  /** Forget the data of earlier runs. */
  reset: boolean;
  port?: number;
  dataDir?: string;
  databaseUrl?: string;
}

/** What `deno task dev --help` prints. */
export const usage =
  `Start the embedded Supabase of this clone and leave it running.

Usage: deno task dev [options]

  --port N      Port of the API, 54321 by default; the next free one when busy.
                PostgreSQL and Studio take the ports after it.
  --data DIR    Folder for databases and objects; by default one per clone.
  --db-url URL  Use this PostgreSQL 15 or newer instead of the embedded one.
                Its own pg_net, pg_cron and supabase_vault are used if it has them.
  --reset       Begin with an empty database and empty buckets.
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
      port: { type: "string" },
      data: { type: "string" },
      "db-url": { type: "string" },
    },
  });
  const { help, reset, data: dataDir, "db-url": databaseUrl } = values;
  const port = values.port === undefined ? undefined : Number(values.port);
  if (
    port !== undefined &&
    !(Number.isInteger(port) && port >= 0 && port < 65_536)
  ) {
    throw new Error(
      `Cannot use --port ${values.port}: give a number from 0 to 65535`,
    );
  }
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
  return { help, reset, port, dataDir, databaseUrl };
}
