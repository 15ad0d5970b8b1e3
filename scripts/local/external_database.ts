import postgres, { type Sql } from "postgres";
import { applyBaseSql, readBaseSql } from "./base_database.ts";
import { standIns } from "./postgres/binaries.ts";

/** A table by which an extension is known to be there, its stand-in too. */
const markers: Record<string, string> = {
  pg_net: "net.http_request_queue",
  pg_cron: "cron.job",
  supabase_vault: "vault.secrets",
};

/** The extensions of hosted Supabase that this project's migrations create. */
export const supabaseExtensions: string[] = Object.keys(markers);

/**
 * Makes a PostgreSQL server of the user's ready for the migrations: what a
 * Supabase project has is created where it is missing, and an extension that
 * the server does not have is replaced by the plain SQL of its stand-in.
 *
 * @returns the extensions that are stand-ins
 * @throws Error when the server cannot be reached, is too old, or refuses
 */
export async function prepareExternalDatabase(url: string): Promise<string[]> {
  const sql = postgres(url, { max: 1, onnotice: () => {} });
  const { host } = new URL(url);
  try {
    const version = await readVersion(sql);
    if (version < 15) {
      throw new Error(
        `it is PostgreSQL ${version}; this project needs 15 or newer`,
      );
    }
    const base = await readBaseSql();
    await applyBaseSql(sql, [base.roles]);
    if (!await hasRelation(sql, "auth.users")) {
      await applyBaseSql(sql, [base.schemas]);
    }
    const missing: string[] = [];
    for (const extension of supabaseExtensions) {
      if (await hasExtension(sql, extension)) continue;
      missing.push(extension);
      await installStandIn(sql, extension);
    }
    // A Supabase project has Vault from the beginning, the others when asked for.
    if (!missing.includes("supabase_vault")) {
      await sql`create extension if not exists supabase_vault cascade`;
    }
    return missing;
  } catch (error) {
    throw new Error(
      `Cannot use the PostgreSQL server at ${host}: ${
        (error as Error).message || (error as { code?: string }).code
      }`,
      { cause: error },
    );
  } finally {
    await sql.end({ timeout: 1 });
  }
}

async function readVersion(sql: Sql): Promise<number> {
  const [row] = await sql`
    select current_setting('server_version_num')::integer / 10000 as version
  `;
  return row.version;
}

async function hasRelation(sql: Sql, name: string): Promise<boolean> {
  const [row] = await sql`select to_regclass(${name}) is not null as found`;
  return row.found;
}

/** pg_net and pg_cron do nothing unless the server also loads their workers. */
async function hasExtension(sql: Sql, name: string): Promise<boolean> {
  const [row] = await sql`
    select
      exists (select from pg_available_extensions where name = ${name})
      and (
        ${name} = 'supabase_vault'
        or ${name} = any(string_to_array(
          replace(current_setting('shared_preload_libraries'), ' ', ''), ','
        ))
      )
      and (
        ${name} <> 'pg_cron'
        or current_setting('cron.database_name', true) = current_database()
      ) as found
  `;
  return row.found;
}

async function installStandIn(sql: Sql, extension: string): Promise<void> {
  if (await hasRelation(sql, markers[extension])) return;
  for await (const { name } of Deno.readDir(standIns)) {
    if (!name.startsWith(`${extension}--`)) continue;
    const script = await Deno.readTextFile(`${standIns}/${name}`);
    // The control file of the extension would have made this schema.
    const schema = extension === "supabase_vault" ? "create schema vault;" : "";
    await sql.unsafe(`${schema}\n${script}`).simple();
  }
}
