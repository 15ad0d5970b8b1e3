import type { Sql } from "postgres";

/**
 * What an installation consists of, by the names of the catalogue, each list in the order in which
 * it was made. Names of relations and functions carry their schema.
 */
export interface Names {
  schemas: string[];
  extensions: string[];
  roles: string[];
  cronJobs: string[];
  publications: string[];
  tables: string[];
  indexes: string[];
  sequences: string[];
  types: string[];
  /** Those of columns of tables, which go after these. */
  storedTypes: string[];
  /** By name, the columns: `name type, …`. */
  views: Record<string, string>;
  /**
   * By name and types, `public.find(text, integer)`, how they are called: the names of the
   * arguments, with a ? where they may be left out, and what comes back: `name place? → jsonb`.
   */
  functions: Record<string, string>;
  /** As they are dropped: `name on schema.table`. */
  triggers: string[];
  policies: string[];
}

/** The names of a version, and what else its scripts need to know of it. */
export interface Manifest extends Names {
  /** What the names of its secrets in Vault begin with. */
  vaultPrefix: string;
  /** The version of the oldest functions that it serves. */
  oldestServed: string;
}

/** Schemas that PostgreSQL and the platform keep for themselves. */
const otherSchemas =
  "^(pg_.*|information_schema|extensions|vault|cron|net|supabase_migrations)$";

/** Every name of a database but those that extensions and the system have made. */
export async function readNames(sql: Sql): Promise<Names> {
  return await sql.begin(async (transaction) => {
    // So that types are written with their schema.
    await transaction`set local search_path = ''`;
    const list = async (query: string) => {
      const rows = await transaction.unsafe(query);
      return rows.map(({ name }) => name as string);
    };
    const record = async (query: string) => {
      const rows = await transaction.unsafe(query);
      return Object.fromEntries(rows.map(({ name, says }) => [name, says]));
    };
    return {
      schemas: await list(`
        select nspname as name from pg_namespace
        where nspname !~ '${otherSchemas}' order by oid`),
      extensions: await list(
        "select extname as name from pg_extension order by oid",
      ),
      // Those with something of this database: roles are of a whole server.
      roles: await list(`
        select rolname as name from pg_roles as role
        where exists (
          select from pg_shdepend
          where refclassid = 'pg_authid'::regclass and refobjid = role.oid
            and dbid = (select oid from pg_database where datname = current_database())
        )
        order by oid`),
      cronJobs: await list(`
        select job.jobname as name from cron.job order by jobid`),
      publications: await list(`
        select format('%s %I.%I', pubname, schemaname, tablename) as name
        from pg_publication_tables order by 1`),
      tables: await list(relations("r", "p")),
      indexes: await list(relations("i")),
      sequences: await list(relations("S")),
      types: await list(types("not")),
      storedTypes: await list(types("")),
      views: await record(`
        select
          format('%I.%I', nspname, relname) as name,
          (
            select string_agg(
              format('%I %s', attname, format_type(atttypid, atttypmod)), ', ' order by attnum
            )
            from pg_attribute where attrelid = class.oid and attnum > 0 and not attisdropped
          ) as says
        from pg_class as class
        join pg_namespace as schema on schema.oid = relnamespace
        where relkind = 'v' and ${own("class.oid", "pg_class")}
        order by class.oid`),
      functions: await record(`
        select
          format('%I.%I(%s)', nspname, proname, (
            select string_agg(format_type(type, null), ', ' order by place)
            from unnest(proargtypes) with ordinality as argument (type, place)
          )) as name,
          concat((
            select string_agg(
              proargnames[place] || case when place > pronargs - pronargdefaults then '? ' else ' ' end,
              '' order by place
            )
            from generate_series(1, pronargs) as place
          ), '→ ', pg_get_function_result(proc.oid)) as says
        from pg_proc as proc
        join pg_namespace as schema on schema.oid = pronamespace
        where ${own("proc.oid", "pg_proc")}
        order by proc.oid`),
      triggers: await list(`
        select format('%I on %I.%I', tgname, nspname, relname) as name
        from pg_trigger as trigger
        join pg_class as class on class.oid = tgrelid
        join pg_namespace as schema on schema.oid = relnamespace
        where not tgisinternal and ${own("class.oid", "pg_class")}
        order by trigger.oid`),
      policies: await list(`
        select format('%I on %I.%I', polname, nspname, relname) as name
        from pg_policy as policy
        join pg_class as class on class.oid = polrelid
        join pg_namespace as schema on schema.oid = relnamespace
        where ${own("class.oid", "pg_class")}
        order by policy.oid`),
    };
  });
}

/** Types that are, or are `not`, those of columns of tables. */
function types(negation: "" | "not"): string {
  return `
    select format('%I.%I', nspname, typname) as name
    from pg_type as type
    join pg_namespace as schema on schema.oid = type.typnamespace
    left join pg_class as class on class.oid = type.typrelid
    where ${own("type.oid", "pg_type")}
      -- Neither arrays nor the rows of tables and views.
      and typelem = 0 and coalesce(relkind, 'c') = 'c'
      and ${negation} exists (
        select from pg_attribute
        join pg_class as holder on holder.oid = attrelid
        where atttypid in (type.oid, type.typarray) and holder.relkind in ('r', 'p')
      )
    order by type.oid`;
}

/** What is in the second and not in the first. */
export function newNames(before: Names, after: Names): Names {
  const entries = Object.entries(after).map(([kind, names]) => {
    const known = before[kind as keyof Names];
    return [
      kind,
      Array.isArray(names)
        ? names.filter((name: string) => !(known as string[]).includes(name))
        : Object.fromEntries(
          Object.entries(names).filter(([name]) =>
            !(name in (known as Record<string, string>))
          ),
        ),
    ];
  });
  return Object.fromEntries(entries) as unknown as Names;
}

function relations(...kinds: string[]): string {
  return `
    select format('%I.%I', nspname, relname) as name
    from pg_class as class
    join pg_namespace as schema on schema.oid = relnamespace
    where relkind in (${kinds.map((kind) => `'${kind}'`).join(", ")})
      and ${own("class.oid", "pg_class")}
    order by class.oid`;
}

/** Neither of the system nor of an extension. */
function own(oid: string, catalogue: string): string {
  return `nspname !~ '${otherSchemas}' and not exists (
    select from pg_depend
    where objid = ${oid} and classid = '${catalogue}'::regclass and deptype = 'e'
  )`;
}
