import type { Sql } from "postgres";

/** By the name of a table, `public.pipeline_runs`, its columns. */
export type Columns = Record<string, string[]>;

/** The columns of all tables of public and pipeline. */
export async function readColumns(sql: Sql): Promise<Columns> {
  const tables = await sql`
    select
      format('%I.%I', nspname, relname) as name,
      array_agg(quote_ident(attname) order by attnum) as columns
    from pg_catalog.pg_class as class
    join pg_catalog.pg_namespace as schema on schema.oid = relnamespace
    join pg_catalog.pg_attribute on attrelid = class.oid and attnum > 0 and not attisdropped
    where relkind = 'r' and nspname in ('public', 'pipeline')
    group by nspname, relname
    order by 1`;
  return Object.fromEntries(tables.map(({ name, columns }) => [name, columns]));
}

/**
 * What stands in these columns, as a row count and a digest for each table: equal ones have equal
 * rows, in whatever order.
 */
export async function digestRows(
  sql: Sql,
  columns: Columns,
): Promise<Record<string, string>> {
  const digests: Record<string, string> = {};
  for (const [table, names] of Object.entries(columns)) {
    const [{ digest }] = await sql.unsafe(`
      select count(*) || ' rows ' || coalesce(md5(string_agg(said, '' order by said)), '') as digest
      from (select row(${
      names.join(", ")
    })::text as said from only ${table}) as line`);
    digests[table] = digest;
  }
  return digests;
}
