import postgres, { type Sql } from "postgres";
import { supabaseFolder } from "../local/checkout.ts";
import { openStackFolder } from "../local/data_folder.ts";
import { startEmbeddedDatabase } from "../local/embedded_database.ts";
import { chosenPostgres } from "./chosen_postgres.ts";
import { prepareExternalDatabase } from "../local/external_database.ts";
import type { DatabaseContent } from "../local/postgres/runtime.ts";
import { projectContent } from "../local/project_database.ts";

/** A database without migrations that is gone when it is disposed of. */
export interface TestDatabase extends AsyncDisposable {
  /** As the role that applies the migrations. */
  url: string;
  /** Extensions whose `create extension` the migrations must leave out. */
  skipExtensions: string[];
}

/**
 * Starts an embedded server with a database, PostgreSQL 17 unless the arguments name another one.
 *
 * @param content by default that of a new project
 */
export async function startTestDatabase(
  content?: DatabaseContent,
): Promise<TestDatabase> {
  await using cleanup = new AsyncDisposableStack();
  const folder = await openStackFolder();
  cleanup.defer(folder.release);
  const { url, stop } = await startEmbeddedDatabase({
    folder: folder.path,
    durable: false,
    port: 0,
    content,
    version: chosenPostgres,
    log: console.error,
  });
  cleanup.defer(stop);
  const running = cleanup.move();
  return {
    url,
    skipExtensions: [],
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

/** Starts an embedded server with a database that has the migrations. */
export async function startProjectDatabase(
  connections = 1,
): Promise<{ url: string; sql: Sql } & AsyncDisposable> {
  await using cleanup = new AsyncDisposableStack();
  const { url } = cleanup.use(
    await startTestDatabase(await projectContent(supabaseFolder)),
  );
  const sql = postgres(url, { max: connections, onnotice: () => {} });
  cleanup.defer(() => sql.end());
  const running = cleanup.move();
  return {
    url,
    sql,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

/**
 * Creates a database on a server of the user's.
 *
 * @param serverUrl as superuser
 */
export async function createTestDatabase(
  serverUrl: string,
): Promise<TestDatabase> {
  const server = postgres(serverUrl, { max: 1, onnotice: () => {} });
  const name = `pipeline_test_${crypto.randomUUID().slice(0, 8)}`;
  await server.unsafe(`create database ${name} template template0`);
  // As in a Supabase project.
  await server.unsafe(
    `alter database ${name} set search_path = "$user", public, extensions`,
  );
  const drop = async () => {
    await server.unsafe(`drop database ${name} with (force)`);
    await server.end();
  };
  const url = new URL(serverUrl);
  url.pathname = name;
  try {
    const skipExtensions = await prepareExternalDatabase(url.href);
    return { url: url.href, skipExtensions, [Symbol.asyncDispose]: drop };
  } catch (error) {
    await drop();
    throw error;
  }
}
