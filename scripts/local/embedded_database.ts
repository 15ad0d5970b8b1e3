import { join } from "node:path";
import postgres from "postgres";
import { readBaseSql } from "./base_database.ts";
import { readFolders } from "./folders.ts";
import {
  chooseFreePort,
  chooseFreePortFrom,
  startOnFreePort,
} from "./ports.ts";
import { findServerUser } from "./postgres/operating_system_user.ts";
import type { PostgresVersion } from "./postgres/binaries.ts";
import {
  copyTemplate,
  type DatabaseContent,
  prepareContent,
  prepareRuntime,
} from "./postgres/runtime.ts";
import {
  startServer,
  stopLeftoverServer,
  stopServer,
  superuser,
  urlFor,
} from "./postgres/server.ts";
import { type Part, supervise } from "./supervise.ts";

/** Where and how to start a database. */
export interface DatabaseOptions {
  /** The stack's folder; the cluster lives in its subfolder `postgres`. */
  folder: string;
  /** Whether the data must survive a crash of the machine. */
  durable: boolean;
  /** Preferred port, the next free one is taken when it is busy; 0: any. */
  port: number;
  /** What an empty folder begins with, by default a new project. */
  content?: DatabaseContent;
  /** By default 17. */
  version?: PostgresVersion;
  /** Told that the server answers again, after it had ended: no connection of before is left. */
  onRestart?: () => void;
  log: (line: string) => void;
}

/** A running PostgreSQL with the roles and schemas of a Supabase project. */
export interface EmbeddedDatabase extends Part {
  /** As the role postgres: what a project's owner gets on hosted Supabase. */
  url: string;
  /** As the bootstrap superuser. */
  superuserUrl: string;
  /** Ends all connections; the database holds what it held when it was new. */
  renew(): Promise<void>;
}

/** Starts PostgreSQL on an empty or an existing folder. */
export async function startEmbeddedDatabase(
  { folder, durable, port: preferredPort, content, version, onRestart, log }:
    DatabaseOptions,
): Promise<EmbeddedDatabase> {
  const user = await findServerUser();
  const runtime = await prepareRuntime(
    readFolders().runtime,
    await readBaseSql(),
    user,
    log,
    version,
  );
  const data = join(folder, "postgres");
  await copyTemplate(
    content ? await prepareContent(runtime, content) : runtime,
    data,
  );
  await stopLeftoverServer({ ...runtime, data });
  const startOn = async (port: number) => ({
    ...await supervise({
      name: "PostgreSQL",
      start: () =>
        startServer({
          installation: runtime.installation,
          data,
          port,
          user,
          durable,
          // What goes wrong in a connection is told to whoever uses it.
          log: (line) => line.startsWith("PANIC") && log(line),
        }),
      end: stopServer,
      onRestart,
      log,
    }),
    url: urlFor("postgres", port),
    superuserUrl: urlFor(superuser, port),
    renew: () => renewDatabase(port),
  });
  return await startOnFreePort(
    () =>
      preferredPort === 0
        ? chooseFreePort()
        : chooseFreePortFrom(preferredPort),
    startOn,
  );
}

async function renewDatabase(port: number): Promise<void> {
  const sql = postgres(urlFor(superuser, port, "template1"), {
    max: 1,
    onnotice: () => {},
  });
  await sql`drop database postgres with (force)`;
  // Not by the log of what is written: that takes half a second of a processor the first time.
  await sql`create database postgres owner postgres strategy file_copy`;
  await sql.end();
}
