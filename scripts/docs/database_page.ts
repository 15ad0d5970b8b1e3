import type { Sql } from "postgres";
import { toTable } from "./markdown_table.ts";

interface Relation {
  name: string;
  kind: "table" | "view";
  comment: string | null;
  columns: {
    name: string;
    type: string;
    fallback: string | null;
    comment: string | null;
  }[];
}

interface SqlFunction {
  name: string;
  arguments: string;
  result: string;
  comment: string | null;
  roles: string[];
}

/** The page docs/reference/database.md, before `deno fmt` lays it out: what the database says itself. */
export async function toDatabasePage(sql: Sql): Promise<string> {
  const relations = await readRelations(sql);
  const functions = await readFunctions(sql);
  return [
    "# Tables, views and functions",
    "",
    "Written by `deno task docs` from the comments in the database, which Studio and",
    "`\\d+` show too. All are in schema `public`.",
    ...relations.flatMap(({ name, kind, comment, columns }) => [
      "",
      `## ${name} (${kind})`,
      "",
      comment ?? "",
      "",
      toTable(
        ["column", "type", "default", ""],
        columns.map(({ name, type, fallback, comment }) => [
          `\`${name}\``,
          type,
          fallback ? `\`${fallback}\`` : "",
          comment ?? "",
        ]),
      ),
    ]),
    "",
    "## Functions",
    ...functions.flatMap((entry) => [
      "",
      `### ${entry.name}`,
      "",
      "```text",
      `${entry.name}(${entry.arguments}) returns ${entry.result}`,
      "```",
      "",
      `${entry.comment ?? ""} For ${entry.roles.join(" and ")}.`,
    ]),
    "",
  ].join("\n");
}

async function readRelations(sql: Sql): Promise<Relation[]> {
  return await sql<Relation[]>`
    select
      class.relname as name,
      case class.relkind when 'v' then 'view' else 'table' end as kind,
      obj_description(class.oid) as comment,
      (
        select json_agg(
          json_build_object(
            'name', attribute.attname,
            'type', format_type(attribute.atttypid, attribute.atttypmod),
            'fallback', pg_get_expr(fallback.adbin, fallback.adrelid),
            'comment', col_description(class.oid, attribute.attnum)
          )
          order by attribute.attnum
        )
        from pg_attribute as attribute
        left join pg_attrdef as fallback
          on fallback.adrelid = attribute.attrelid and fallback.adnum = attribute.attnum
        where attribute.attrelid = class.oid and attribute.attnum > 0
          and not attribute.attisdropped
      ) as columns
    from pg_class as class
    where class.relnamespace = 'public'::regnamespace and class.relkind in ('r', 'v')
    order by class.relkind = 'v', class.relname
  `;
}

async function readFunctions(sql: Sql): Promise<SqlFunction[]> {
  return await sql<SqlFunction[]>`
    select
      proc.proname as name,
      pg_get_function_arguments(proc.oid) as arguments,
      pg_get_function_result(proc.oid) as result,
      obj_description(proc.oid, 'pg_proc') as comment,
      array(
        select role from unnest(array['authenticated', 'service_role']) as role
        where has_function_privilege(role, proc.oid, 'execute')
      ) as roles
    from pg_proc as proc
    where proc.pronamespace = 'public'::regnamespace
      and obj_description(proc.oid, 'pg_proc') is not null
    order by proc.proname
  `;
}
