import type { Kind } from "./kinds_of_names.ts";

/** A name that a migration makes, as `relation public.pipeline_runs`. */
export type CreatedNames = Map<string, string>;

type Node = Record<string, unknown>;

interface RangeVar {
  schemaname?: string;
  relname: string;
}

interface Name {
  String: { sval: string };
}

/** What `drop` and `alter … rename` call the kinds: libpg-query 17, ObjectType. */
const OBJECTS: Record<string, Kind> = {
  OBJECT_TABLE: "relations",
  OBJECT_VIEW: "relations",
  OBJECT_MATVIEW: "relations",
  OBJECT_SEQUENCE: "relations",
  OBJECT_INDEX: "relations",
  OBJECT_FOREIGN_TABLE: "relations",
  OBJECT_FUNCTION: "functions",
  OBJECT_PROCEDURE: "functions",
  OBJECT_ROUTINE: "functions",
  OBJECT_AGGREGATE: "functions",
  OBJECT_TYPE: "types",
  OBJECT_DOMAIN: "types",
  OBJECT_SCHEMA: "schemas",
  OBJECT_ROLE: "roles",
};

const CRON_JOB =
  /\bcron\.schedule(?:_in_database)?\s*\(\s*(?:job_name\s*(?:=>|:=)\s*)?'((?:[^']|'')+)'\s*,\s*'/gi;
const CRON_JOB_GONE =
  /\bcron\.unschedule\s*\(\s*(?:job_name\s*(?:=>|:=)\s*)?'((?:[^']|'')+)'/gi;

/**
 * Follows what migrations make, drop and rename, by PostgreSQL's own parser, in their order; the names
 * of pg_cron's jobs are looked for in the text, since they stand in calls and in blocks of code. What a
 * statement composes when it runs is not seen: the database tells that.
 *
 * @returns names by kind with the file that made them, and the files that are no SQL
 */
export async function followCreatedNames(
  migrations: { file: string; sql: string }[],
): Promise<{ names: Record<Kind, CreatedNames>; unread: string[] }> {
  const { parse } = await import("libpg-query");
  const names: Record<Kind, CreatedNames> = {
    schemas: new Map(),
    relations: new Map(),
    functions: new Map(),
    types: new Map(),
    roles: new Map(),
    cronJobs: new Map(),
  };
  const unread: string[] = [];
  for (const { file, sql } of migrations) {
    for (const [, name] of sql.matchAll(CRON_JOB_GONE)) {
      names.cronJobs.delete(name);
    }
    for (const [, name] of sql.matchAll(CRON_JOB)) {
      names.cronJobs.set(name, file);
    }
    if (sql.trim() === "") continue;
    try {
      const { stmts = [] } = await parse(sql) as { stmts?: { stmt?: Node }[] };
      for (const { stmt = {} } of stmts) follow(stmt, file, names);
    } catch {
      unread.push(file);
    }
  }
  return { names, unread };
}

function follow(
  statement: Node,
  file: string,
  names: Record<Kind, CreatedNames>,
): void {
  for (const [kind, node] of Object.entries(statement) as [string, Node][]) {
    for (const [of, name] of createdBy(kind, node)) names[of].set(name, file);
    if (kind === "CreateSchemaStmt") {
      for (const inside of (node.schemaElts ?? []) as Node[]) {
        follow(inside, file, names);
      }
    }
    if (kind === "DropStmt") {
      const of = OBJECTS[String(node.removeType)];
      for (const object of of ? (node.objects ?? []) as Node[] : []) {
        forget(nameOfDropped(of, object), of, names);
      }
    }
    if (kind === "RenameStmt") {
      const of = OBJECTS[String(node.renameType)];
      const relation = node.relation as RangeVar | undefined;
      if (!of || !relation) continue;
      names[of].delete(ofRelation(relation));
      names[of].set(
        ofRelation({ ...relation, relname: String(node.newname) }),
        file,
      );
    }
  }
}

/** With a schema goes what is in it. */
function forget(
  name: string,
  of: Kind,
  names: Record<Kind, CreatedNames>,
): void {
  names[of].delete(name);
  if (of !== "schemas") return;
  for (const known of Object.values(names)) {
    for (const inside of [...known.keys()]) {
      if (inside.startsWith(`${name}.`)) known.delete(inside);
    }
  }
}

function createdBy(
  kind: string,
  node: Node,
): [Kind, string][] {
  switch (kind) {
    case "CreateStmt":
      return [["relations", ofRelation(node.relation as RangeVar)]];
    case "CreateForeignTableStmt":
      return [[
        "relations",
        ofRelation((node.base as Node).relation as RangeVar),
      ]];
    case "ViewStmt":
      return [["relations", ofRelation(node.view as RangeVar)]];
    case "CreateTableAsStmt":
      return [["relations", ofRelation((node.into as Node).rel as RangeVar)]];
    case "CreateSeqStmt":
      return [["relations", ofRelation(node.sequence as RangeVar)]];
    case "IndexStmt":
      // An index has a name in the schema of its table; without one PostgreSQL finds a free name.
      return node.idxname
        ? [[
          "relations",
          ofRelation({
            ...node.relation as RangeVar,
            relname: String(node.idxname),
          }),
        ]]
        : [];
    case "CreateFunctionStmt":
      return [["functions", ofParts(node.funcname as Name[])]];
    case "CompositeTypeStmt":
      return [["types", ofRelation(node.typevar as RangeVar)]];
    case "CreateEnumStmt":
    case "CreateRangeStmt":
      return [["types", ofParts(node.typeName as Name[])]];
    case "CreateDomainStmt":
      return [["types", ofParts(node.domainname as Name[])]];
    case "CreateSchemaStmt":
      return node.schemaname ? [["schemas", String(node.schemaname)]] : [];
    case "CreateRoleStmt":
      return [["roles", String(node.role)]];
    default:
      return [];
  }
}

function nameOfDropped(of: Kind, object: Node): string {
  if (of === "schemas") return (object as unknown as Name).String.sval;
  const { ObjectWithArgs, TypeName, List } = object as {
    ObjectWithArgs?: { objname: Name[] };
    TypeName?: { names: Name[] };
    List?: { items: Name[] };
  };
  return ofParts(
    ObjectWithArgs?.objname ?? TypeName?.names ?? List?.items ?? [],
  );
}

function ofRelation({ schemaname = "public", relname }: RangeVar): string {
  return `${schemaname}.${relname}`;
}

function ofParts(parts: Name[]): string {
  const words = parts.map(({ String: { sval } }) => sval);
  return words.length > 1 ? words.slice(-2).join(".") : `public.${words[0]}`;
}
