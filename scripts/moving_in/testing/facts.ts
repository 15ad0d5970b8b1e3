import type { DatabaseFacts } from "../inspect_database.ts";

/** What a database says that is ready. */
export const well: DatabaseFacts = {
  serverVersion: 150008,
  version: null,
  hasPipeline: false,
  migrations: [],
  secrets: [],
  taken: {
    schemas: [],
    relations: [],
    functions: [],
    types: [],
    roles: [],
    cronJobs: [],
  },
  missingExtensions: [],
  mayCreateInPublic: true,
  mayCreateSchemas: true,
  hasExtensionsSchema: true,
  role: "postgres",
};

/** A database that says something else. */
export function factsOf(facts: Partial<DatabaseFacts>): DatabaseFacts {
  return { ...well, ...facts };
}
