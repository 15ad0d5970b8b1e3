import { join, relative } from "node:path";
import { parse } from "smol-toml";

/** A file of supabase/schemas. */
export interface SchemaFile {
  path: string;
  text: string;
}

/**
 * The schemas in the order in which PostgreSQL reads them, `db.migrations.schema_paths` of
 * config.toml, with the version where core/version.sql names it.
 *
 * @throws Error that names a schema file which config.toml does not list, or one that is not there
 */
export async function readSchemaFiles(
  supabaseFolder: string,
  version: string,
): Promise<SchemaFile[]> {
  const config = parse(
    await Deno.readTextFile(join(supabaseFolder, "config.toml")),
  ) as { db: { migrations: { schema_paths: string[] } } };
  const paths = config.db.migrations.schema_paths.map((path) =>
    join(supabaseFolder, path)
  );
  await expectNoOther(supabaseFolder, paths);
  return await Promise.all(paths.map(async (path) => ({
    path,
    text: (await Deno.readTextFile(path)).replaceAll("{{version}}", version),
  })));
}

async function expectNoOther(
  supabaseFolder: string,
  listed: string[],
): Promise<void> {
  const schemas = join(supabaseFolder, "schemas");
  for await (const subject of Deno.readDir(schemas)) {
    if (!subject.isDirectory) continue;
    for await (const { name } of Deno.readDir(join(schemas, subject.name))) {
      const path = join(schemas, subject.name, name);
      if (listed.includes(path)) continue;
      throw new Error(
        `Cannot write migrations: ${
          relative(supabaseFolder, path)
        } is not in db.migrations.schema_paths of config.toml. Add it where its order is right`,
      );
    }
  }
}
