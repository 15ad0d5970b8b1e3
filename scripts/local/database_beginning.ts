import type { Sql } from "postgres";

/** What a database held at some time, but for the history of migrations. */
export interface DatabaseBeginning {
  /** Another one for another schema. */
  schema: string;
  /** Table and columns, as SQL → rows. */
  rows: { table: string; columns: string; rows: unknown }[];
  /** Where each sequence stood. */
  sequences: { name: string; last_value: string; is_called: boolean }[];
}

/** Schemas whose content is PostgreSQL's own, or is the same for the life of a stack. */
const OTHERS = "'^(pg_|information_schema$|supabase_migrations$)'";

/** Remembers what is in the database now. */
export async function rememberDatabase(sql: Sql): Promise<DatabaseBeginning> {
  const tables = await sql<{ table: string; columns: string }[]>`
    select
      relation.oid::regclass::text as table,
      string_agg(quote_ident(attname), ', ' order by attnum) as columns
    from pg_class as relation
    join pg_attribute on attrelid = relation.oid and attnum > 0 and not attisdropped and attgenerated = ''
    where relkind = 'r' and relnamespace::regnamespace::text !~ ${
    sql.unsafe(OTHERS)
  }
    group by relation.oid
  `;
  const rows: DatabaseBeginning["rows"] = [];
  for (const { table, columns } of tables) {
    const [{ all }] = await sql.unsafe(
      `select jsonb_agg(to_jsonb(one)) as all from ${table} as one`,
    );
    if (all) rows.push({ table, columns, rows: all });
  }
  const sequences: DatabaseBeginning["sequences"] = [];
  for (const { name } of await sql.unsafe(SEQUENCES)) {
    const [{ last_value, is_called }] = await sql.unsafe(
      `select last_value, is_called from ${name}`,
    );
    sequences.push({ name, last_value, is_called });
  }
  return { schema: await readSchema(sql), rows, sequences };
}

const SEQUENCES = `
  select seqrelid::regclass::text as name
  from pg_sequence join pg_class on pg_class.oid = seqrelid
  where relnamespace::regnamespace::text !~ ${OTHERS}
`;

/**
 * Puts the rows of the beginning in the place of those of now. Connections stay, and with them what
 * they have compiled, which is most of what a short test costs PostgreSQL.
 *
 * @returns false when the schema is another; then nothing has changed
 */
export async function returnToBeginning(
  sql: Sql,
  { schema, rows, sequences }: DatabaseBeginning,
): Promise<boolean> {
  if (await readSchema(sql) !== schema) return false;
  for (let tries = 1;; tries++) {
    try {
      await replaceRows(sql, rows, sequences);
      return true;
    } catch (error) {
      // A request that is still under way reads tables in another order, and is over soon.
      const isDeadlock = (error as { code?: string }).code === "40P01";
      if (!isDeadlock || tries === MOST_TRIES) throw error;
    }
  }
}

const MOST_TRIES = 5;

async function replaceRows(
  sql: Sql,
  rows: DatabaseBeginning["rows"],
  sequences: DatabaseBeginning["sequences"],
): Promise<void> {
  await sql.begin(async (sql) => {
    // No trigger is to see it, nor is the order of foreign keys to matter.
    await sql`set local session_replication_role = replica`;
    await sql.unsafe(EMPTY_TABLES);
    for (const { table, columns, rows: all } of rows) {
      await sql`
        insert into ${sql.unsafe(table)} (${
        sql.unsafe(columns)
      }) overriding system value
        select ${sql.unsafe(columns)}
        from jsonb_populate_recordset(null::${sql.unsafe(table)}, ${
        sql.json(all as never)
      })
      `;
    }
    await sql`
      select setval(name::regclass, last_value, is_called)
      from jsonb_to_recordset(${sql.json(sequences)})
        as sequence (name text, last_value bigint, is_called boolean)
    `;
  });
}

/** To look costs less than to empty a table that is empty. */
const EMPTY_TABLES = `do $$
declare
  one regclass;
  is_filled boolean;
  filled text;
begin
  for one in
    select oid from pg_class where relkind = 'r' and relnamespace::regnamespace::text !~ ${OTHERS}
  loop
    execute format('select exists (select from %s)', one) into is_filled;
    if is_filled then
      filled := concat_ws(', ', filled, one);
    end if;
  end loop;
  execute 'truncate ' || filled || ' cascade';
end
$$`;

/** A digest of every relation, column, function, trigger, constraint, policy, grant and role. */
async function readSchema(sql: Sql): Promise<string> {
  const [{ schema }] = await sql.unsafe(`
    with relations as (
      select * from pg_class where relkind not in ('t', 'i') and relnamespace::regnamespace::text !~ ${OTHERS}
    )
    select md5(string_agg(line, ',' order by line)) as schema
    from (
      select format('r %s %s %s %s', oid, relname, relacl, relrowsecurity) as line from relations
      union all
      select format('a %s %s %s %s %s %s', attrelid, attnum, attname, atttypid, attnotnull, attacl)
      from pg_attribute join relations on relations.oid = attrelid
      where attnum > 0
      union all
      select format('i %s', indexrelid) from pg_index join relations on relations.oid = indrelid
      union all
      select format('d %s %s', oid, adbin) from pg_attrdef
      union all
      select format('p %s %s %s %s', oid, proname, proacl, md5(prosrc)) from pg_proc
      where pronamespace::regnamespace::text !~ ${OTHERS}
      union all
      select format('t %s %s %s', pg_trigger.oid, tgname, tgenabled) from pg_trigger
      join relations on relations.oid = tgrelid
      union all
      select format('c %s %s', oid, conname) from pg_constraint
      union all
      select format('y %s %s %s', oid, polname, polroles) from pg_policy
      union all
      select format('v %s %s', ev_class, md5(ev_action)) from pg_rewrite
      join relations on relations.oid = ev_class
      union all
      select format('n %s %s', nspname, nspacl) from pg_namespace where nspname !~ '^pg_(temp|toast)'
      union all
      select format('u %s %s', rolname, rolconfig) from pg_roles
    ) as lines
  `);
  return schema;
}
