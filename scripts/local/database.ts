import {
  type DatabaseOptions,
  type EmbeddedDatabase,
  startEmbeddedDatabase,
} from "./embedded_database.ts";
import {
  prepareExternalDatabase,
  supabaseExtensions,
} from "./external_database.ts";

/** The database of a stack, wherever it runs. */
export interface Database extends EmbeddedDatabase {
  /** The extensions that are stand-ins and need a worker of ours. */
  standIns: string[];
  /** Those of them whose `create extension` the migrations must leave out. */
  skipExtensions: string[];
}

/** Starts the embedded database, or makes the given server ready. */
export async function openDatabase(
  { databaseUrl, ...options }: DatabaseOptions & { databaseUrl?: string },
): Promise<Database> {
  if (databaseUrl === undefined) {
    return {
      ...await startEmbeddedDatabase(options),
      standIns: supabaseExtensions,
      skipExtensions: [],
    };
  }
  const standIns = await prepareExternalDatabase(databaseUrl);
  const notOurs = () => Promise.resolve();
  const refuse = (verb: string) => () =>
    Promise.reject(
      new Error(`Cannot ${verb} PostgreSQL: it was started by someone else`),
    );
  return {
    url: databaseUrl,
    superuserUrl: databaseUrl,
    standIns,
    skipExtensions: standIns,
    ready: notOurs,
    stop: notOurs,
    kill: refuse("kill"),
    renew: refuse("renew"),
  };
}
