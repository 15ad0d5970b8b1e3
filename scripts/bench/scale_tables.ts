import type { Sql } from "postgres";
import type { Measurement } from "./measurement.ts";

/** What tables take on the disk for one of so many prompts or answers, and what their indexes do. */
export async function measureTables(
  sql: Sql,
  { name, tables, count, of }: {
    name: string;
    tables: string[];
    count: number;
    of: string;
  },
): Promise<Measurement[]> {
  const sizes = await sql<{ table: string; all: number; indexes: number }[]>`
    select
      name as table,
      pg_total_relation_size(name::regclass)::float8 as all,
      pg_indexes_size(name::regclass)::float8 as indexes
    from unnest(${tables}::text[]) with ordinality as listed (name, place)
    order by place
  `;
  return sizes.flatMap(({ table, all, indexes }) => [
    {
      name: `${name}, ${table}`,
      value: all / count,
      unit: `bytes/${of}`,
    },
    {
      name: `${name}, ${table}, of it indexes`,
      value: indexes / count,
      unit: `bytes/${of}`,
    },
  ]);
}

/** What vacuum has done by itself, and what it does when it is told to. */
export async function measureVacuum(
  sql: Sql,
  name: string,
): Promise<Measurement[]> {
  const [{ times }] = await sql`
    select autovacuum_count::integer as times
    from pg_stat_user_tables where relid = 'pipeline_tasks'::regclass
  `;
  const startedAt = performance.now();
  await sql`vacuum (analyze) pipeline_tasks`;
  return [
    {
      name: `${name}, vacuums of pipeline_tasks by themselves`,
      value: times,
      unit: "times",
    },
    {
      name: `${name}, vacuum of pipeline_tasks at the end`,
      value: (performance.now() - startedAt) / 1000,
      unit: "s",
    },
  ];
}
