import {
  createPostgresConnection,
  type PostgresConnection,
} from "@supabase/lite/postgres";
import { type Kysely, sql } from "kysely";
import { keepSqlState } from "./database_error.ts";

/** What a request says about its sender, as lite hands it to a connection. */
interface RequestContext {
  auth?: { role?: string; uid?: string; jwt?: Record<string, unknown> };
  storage?: { operation?: string };
}

type Setting = [name: string, value: string];

/** The request as PostgREST shows it to SQL functions. */
interface RpcRequest {
  method: string;
  path: string;
  requestHeaders?: Record<string, string>;
}

/** lite hands over JSON arrays as text already, which the driver would encode once more. */
const jsonb = {
  to: 3802,
  from: [3802],
  serialize: (value: unknown) =>
    typeof value === "string" && /^[[{]/.test(value)
      ? value
      : JSON.stringify(value),
  parse: (text: string) => JSON.parse(text),
};

/**
 * The database connection of lite, made to behave like PostgREST in six ways
 * that lite 0.10.0 offers no option for, hence the replaced private methods:
 *
 * - lite grants everything in every schema with row level security to anon;
 *   here the grants of the migrations stay as they are;
 * - a role's own settings, such as statement_timeout, hold for its requests, and
 *   where it has none, those of authenticator, as which PostgREST signs in;
 * - the statement_timeout of a function holds for the call, as PostgREST hoists it:
 *   https://docs.postgrest.org/en/stable/references/transactions.html
 * - a function that is not volatile is called in a read-only transaction, see the same page;
 * - an error keeps its SQLSTATE;
 * - what a request says about itself is set in one statement instead of five.
 */
export function connectLikePostgrest(url: string): PostgresConnection {
  const connection = createPostgresConnection({
    url,
    postgresOptions: { max: 20, onnotice: () => {}, types: { jsonb } },
  });
  const normalizeDbError = connection.normalizeDbError.bind(connection);
  const clearSchemaCache = connection.clearSchemaCache.bind(connection);
  let roleSettings: Map<string, Setting[]> | undefined;
  const functionSettings = new Map<string, Setting[]>();
  return Object.assign(connection, {
    ensureRlsContext: () => Promise.resolve(true),
    normalizeDbError: (error: unknown) =>
      keepSqlState(normalizeDbError(error as Error)) as Error,

    async applyJwtSessionContext(
      // deno-lint-ignore no-explicit-any -- lite's own type for a database of any shape
      database: Kysely<any>,
      context: RequestContext,
    ): Promise<void> {
      const { role = "anon", uid = "", jwt } = context.auth ?? {};
      // In the request's own transaction: all connections may be taken by others that begin.
      roleSettings ??= await readRoleSettings(database);
      await setAll(database, [
        ...roleSettings.get("authenticator") ?? [],
        ...roleSettings.get(role) ?? [],
        ["request.jwt.claim.sub", uid],
        ["request.jwt.claim.role", role],
        ["request.jwt.claims", jwt ? JSON.stringify(jwt) : ""],
        ["storage.operation", context.storage?.operation ?? ""],
        // Last: the role may not be allowed to change the others.
        ["role", role],
      ]);
    },

    async applyRpcRequestGucs(
      // deno-lint-ignore no-explicit-any -- as above
      database: Kysely<any>,
      { method, path, requestHeaders = {} }: RpcRequest,
    ): Promise<void> {
      const name = path.slice("/rpc/".length);
      const own = functionSettings.get(name) ??
        await readFunctionSettings(database, name);
      functionSettings.set(name, own);
      await setAll(database, [
        ["response.status", ""],
        ["response.headers", ""],
        ["request.method", method],
        ["request.path", path],
        ["request.headers", JSON.stringify(requestHeaders)],
        ...own,
      ]);
    },

    async clearSchemaCache(): Promise<void> {
      functionSettings.clear();
      await clearSchemaCache();
    },

    // lite has read what it needs of it, and would search it for each column of each request.
    writeCachedIntrospection: (schema: { views: { sql?: string }[] }) => {
      const views = schema.views.map(({ sql: _, ...view }) => view);
      return Object.assign(connection, { introspection: { ...schema, views } });
    },
  });
}

async function setAll(
  database: Kysely<unknown>,
  settings: Setting[],
): Promise<void> {
  const calls = settings.map(([name, value]) =>
    sql`set_config(${name}, ${value}, true)`
  );
  await sql`select ${sql.join(calls)}`.execute(database);
}

/** Reads what holds for a call of a function. */
async function readFunctionSettings(
  database: Kysely<unknown>,
  name: string,
): Promise<Setting[]> {
  const { rows } = await sql<{ setting: string; value: string }>`
    select 'statement_timeout' as setting, split_part(setting, '=', 2) as value
    from pg_catalog.pg_proc, unnest(proconfig) as setting
    where proname = ${name} and pronamespace = 'public'::regnamespace and setting like 'statement_timeout=%'
    union all
    select 'transaction_read_only', case when provolatile = 'v' then 'off' else 'on' end
    from pg_catalog.pg_proc
    where proname = ${name} and pronamespace = 'public'::regnamespace
  `.execute(database);
  return rows.map(({ setting, value }) => [setting, value]);
}

/** Reads what `alter role … set` says: role → settings. */
async function readRoleSettings(
  database: Kysely<unknown>,
): Promise<Map<string, Setting[]>> {
  const { rows } = await sql<{ role: string; setting: string }>`
    select rolname as role, unnest(rolconfig) as setting
    from pg_roles
    where rolconfig is not null
  `.execute(database);
  const settings = new Map<string, Setting[]>();
  for (const { role, setting } of rows) {
    const at = setting.indexOf("=");
    const list = settings.get(role) ?? [];
    list.push([setting.slice(0, at), setting.slice(at + 1)]);
    settings.set(role, list);
  }
  return settings;
}
