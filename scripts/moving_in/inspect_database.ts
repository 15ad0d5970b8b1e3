import * as z from "zod";
import { askSupabaseCli } from "./supabase_cli.ts";
import type { TakenNames } from "../release/taken_names.ts";
import type { Kind } from "./kinds_of_names.ts";

const namesSchema = z.array(z.string()).nullable().transform((names) =>
  names ?? []
);

const factsSchema = z.object({
  serverVersion: z.number(),
  /** Of the pipeline that is installed; null: none, or one from before versions. */
  version: z.string().nullable(),
  hasPipeline: z.boolean(),
  /** Versions in the CLI's ledger. */
  migrations: namesSchema,
  /** Names of ours that exist. */
  taken: z.record(z.string(), namesSchema),
  /** Secrets in Vault with a name that would be ours. */
  secrets: namesSchema,
  /** Extensions that the server does not have. */
  missingExtensions: namesSchema,
  mayCreateInPublic: z.boolean(),
  mayCreateSchemas: z.boolean(),
  hasExtensionsSchema: z.boolean(),
  role: z.string(),
});

/** What a database says before anything is put into it. */
export type DatabaseFacts = z.infer<typeof factsSchema> & {
  taken: Record<Kind, string[]>;
};

/**
 * Asks a database by the official CLI, which reaches hosted projects by their reference, through the
 * Management API, and others by URL.
 */
export async function inspectDatabase(
  remote: string,
  names: TakenNames,
): Promise<DatabaseFacts> {
  return readFacts(
    await askSupabaseCli(remote, [
      "db",
      "query",
      inspectionQuery(names),
      "--output-format=json",
    ]),
  );
}

/** Reads the answer: rows as the CLI prints them. */
export function readFacts(output: string): DatabaseFacts {
  const [{ facts }] = JSON.parse(output);
  return factsSchema.parse(facts) as DatabaseFacts;
}

/** One statement that changes nothing, and works where there is no ledger, no pg_cron and no Vault. */
function inspectionQuery(names: TakenNames): string {
  const list = (values: string[]) =>
    `array[${values.map(quote).join(", ")}]::text[]`;
  // Names a table only where it is there: the text of a query is planned when it runs.
  const texts = (relation: string, query: string) =>
    `case when to_regclass('${relation}') is null then null else (
      select json_agg(value::text) from unnest(
        xpath('//value/text()', query_to_xml(${quote(query)}, false, false, ''))
      ) as value) end`;
  return `select json_build_object(
  'serverVersion', current_setting('server_version_num')::integer,
  'role', current_user,
  'hasPipeline', to_regclass('pipeline.workers') is not null,
  'version', case when to_regprocedure('public.pipeline_version()') is null then null else (
    xpath('//value/text()', query_to_xml('select public.pipeline_version() as value', false, false, ''))
  )[1]::text end,
  'migrations', ${
    texts(
      "supabase_migrations.schema_migrations",
      "select version as value from supabase_migrations.schema_migrations order by version",
    )
  },
  'mayCreateInPublic', has_schema_privilege('public', 'create'),
  'mayCreateSchemas', has_database_privilege(current_database(), 'create'),
  'hasExtensionsSchema', to_regnamespace('extensions') is not null,
  'missingExtensions', (
    select json_agg(name) from unnest(${list(names.extensions)}) as name
    where name not in (select available.name from pg_available_extensions as available)
      and name not in (select extname from pg_extension)
  ),
  'secrets', ${
    texts(
      "vault.secrets",
      `select name as value from vault.secrets where starts_with(name, ${
        quote(names.vaultPrefix)
      })`,
    )
  },
  'taken', json_build_object(
    'schemas', (select json_agg(nspname) from pg_namespace where nspname = any (${
    list(names.schemas)
  })),
    'relations', (
      select json_agg(named.name)
      from pg_class as relation
      join pg_namespace as namespace on namespace.oid = relation.relnamespace
      cross join lateral (select namespace.nspname || '.' || relation.relname) as named (name)
      where named.name = any (${list(names.relations)})
    ),
    'functions', (
      select json_agg(distinct named.name)
      from pg_proc as proc
      join pg_namespace as namespace on namespace.oid = proc.pronamespace
      cross join lateral (select namespace.nspname || '.' || proc.proname) as named (name)
      where named.name = any (${list(names.functions)})
    ),
    'types', (
      select json_agg(named.name)
      from pg_type as type
      join pg_namespace as namespace on namespace.oid = type.typnamespace
      cross join lateral (select namespace.nspname || '.' || type.typname) as named (name)
      where type.typrelid = 0 and named.name = any (${list(names.types)})
    ),
    'roles', (select json_agg(rolname) from pg_roles where rolname = any (${
    list(names.roles)
  })),
    'cronJobs', ${
    texts(
      "cron.job",
      `select jobname as value from cron.job where jobname = any (${
        list(names.cronJobs)
      })`,
    )
  }
  )
) as facts`;
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
