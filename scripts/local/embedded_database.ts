import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readBaseSql } from "./base_database.ts";
import {
  type DataFolder,
  makeTemporaryDataFolder,
  openDataFolder,
} from "./data_folder.ts";
import { chooseFolders, type Folders } from "./folders.ts";
import { chooseFreePort, chooseFreePortFrom } from "./ports.ts";
import { findServerUser } from "./postgres/operating_system_user.ts";
import { copyTemplate, prepareRuntime } from "./postgres/runtime.ts";
import {
  password,
  startServer,
  stopLeftoverServer,
  stopServer,
  superuser,
} from "./postgres/server.ts";
import { type Part, supervise } from "./supervise.ts";

/** The root of this clone. */
export const checkout = fileURLToPath(new URL("../../", import.meta.url))
  .replace(/[/\\]$/, "");

/** The folders of the embedded Supabase for this process and clone. */
export function readFolders(): Folders {
  return chooseFolders({
    os: Deno.build.os,
    isRoot: Deno.uid() === 0,
    checkout,
    env: Deno.env.toObject(),
    systemTemporary: Deno.env.get("TMPDIR") ?? "/tmp",
  });
}

/** What a stack may choose about its database. */
export interface DatabaseOptions {
  /** Folder that survives the stack; omitted: a temporary one. */
  dataDir?: string;
  /** Preferred port, the next free one is taken when it is busy; 0: any. */
  port: number;
  log: (line: string) => void;
}

/** A running PostgreSQL 17 with the roles and schemas of a Supabase project. */
export interface EmbeddedDatabase extends Part {
  /** As the role postgres: what a project's owner gets on hosted Supabase. */
  url: string;
  /** As the bootstrap superuser. */
  superuserUrl: string;
  /** The data folder; the stack keeps its objects there as well. */
  folder: string;
}

/** Starts PostgreSQL on an empty or an existing data folder. */
export async function startEmbeddedDatabase(
  { dataDir, port: preferredPort, log }: DatabaseOptions,
): Promise<EmbeddedDatabase> {
  const folders = readFolders();
  const user = await findServerUser();
  const runtime = await prepareRuntime(
    folders.runtime,
    await readBaseSql(),
    user,
    log,
  );
  const folder = dataDir
    ? await openDataFolder(dataDir)
    : await makeTemporaryDataFolder(folders.temporary);
  const data = join(folder.path, "postgres");
  try {
    await copyTemplate(runtime, data);
    await stopLeftoverServer({ ...runtime, data });
    const port = preferredPort === 0
      ? chooseFreePort()
      : chooseFreePortFrom(preferredPort);
    const part = await supervise({
      name: "PostgreSQL",
      start: () =>
        startServer({
          installation: runtime.installation,
          data,
          port,
          user,
          durable: dataDir !== undefined,
          log: (line) => /FATAL|PANIC/.test(line) && log(line),
        }),
      end: stopServer,
      log,
      wait: (milliseconds) => new Promise((go) => setTimeout(go, milliseconds)),
    });
    return withAddresses(part, port, folder);
  } catch (error) {
    await folder.release();
    throw error;
  }
}

function withAddresses(
  part: Part,
  port: number,
  folder: DataFolder,
): EmbeddedDatabase {
  const urlFor = (role: string) =>
    `postgresql://${role}:${password}@127.0.0.1:${port}/postgres`;
  return {
    ...part,
    url: urlFor("postgres"),
    superuserUrl: urlFor(superuser),
    folder: folder.path,
    async stop() {
      await part.stop();
      await folder.release();
    },
  };
}
