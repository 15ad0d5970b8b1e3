import { getAuthSchemaSql, getStorageSchemaSql } from "@supabase/lite";
import type { Sql } from "postgres";

const read = (name: string) =>
  Deno.readTextFile(new URL(`./${name}`, import.meta.url));

/** What a database gets that is to look like a new Supabase project. */
export interface BaseSql {
  /** Once per server. */
  roles: string;
  /** Once per database. */
  schemas: string;
  /** Once per database of the embedded server, where migrations run as postgres. */
  embedded: string;
}

/** Reads the SQL that makes a plain PostgreSQL look like a Supabase project. */
export async function readBaseSql(): Promise<BaseSql> {
  return {
    roles: await read("base_roles.sql"),
    schemas: [
      getAuthSchemaSql(),
      getStorageSchemaSql(),
      await read("base_schemas.sql"),
    ].join("\n"),
    embedded: await read("base_embedded.sql"),
  };
}

/** Applies the parts, each as one transaction. */
export async function applyBaseSql(sql: Sql, parts: string[]): Promise<void> {
  for (const part of parts) await sql.unsafe(part).simple();
}
