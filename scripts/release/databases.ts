import postgres, { type Sql } from "postgres";
import { startTestDatabase } from "../test/test_database.ts";

/** A database of a test's server, as the owner of a project sees it. */
export interface ProjectDatabase {
  url: string;
  sql: Sql;
}

/** A server that makes databases of new projects, and ends with all of them. */
export interface Databases extends AsyncDisposable {
  /** @param template the name of another one, whose copy it is */
  create(name: string, template?: string): Promise<ProjectDatabase>;
}

export async function startDatabases(): Promise<Databases> {
  const running = new AsyncDisposableStack();
  const { url } = running.use(await startTestDatabase());
  const connect = (to: string) => {
    const sql = postgres(to, { onnotice: () => {} });
    running.defer(() => sql.end({ timeout: 1 }));
    return sql;
  };
  const server = connect(url);
  return {
    async create(name, template = "template1") {
      await server.unsafe(`create database ${name} template ${template}`);
      const ofDatabase = new URL(url);
      ofDatabase.pathname = name;
      return { url: ofDatabase.href, sql: connect(ofDatabase.href) };
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}
