import { basename, dirname, join, relative } from "node:path";
import { parse } from "smol-toml";

export interface MigrationText {
  path: string;
  text: string;
}

/** When the schemas were laid out in subjects; one hundred of the last digits are one subject. */
const FIRST_VERSION = 20261128000100;

/**
 * What the migrations are, until release 1.0.0: one file a subject, its schema files one after the
 * other in the order of `db.migrations.schema_paths` in config.toml.
 *
 * @throws Error that names a schema file which config.toml does not list, or one that is not there
 */
export async function composeMigrations(
  supabaseFolder: string,
): Promise<MigrationText[]> {
  const paths = await readSchemaPaths(supabaseFolder);
  const subjects = Map.groupBy(paths, (path) => basename(dirname(path)));
  await expectNoOther(supabaseFolder, paths);
  return await Promise.all(
    [...subjects].map(async ([subject, files], index) => ({
      path: join(
        supabaseFolder,
        "migrations",
        `${FIRST_VERSION + 100 * index}_${subject}.sql`,
      ),
      text: [
        `-- Written by \`deno task migration\` from supabase/schemas/${subject}: edit those files.`,
        ...await Promise.all(files.map((file) => Deno.readTextFile(file))),
      ].join("\n"),
    })),
  );
}

/** Writes the migrations anew and removes those that are no longer made. */
export async function writeMigrations(
  supabaseFolder: string,
): Promise<MigrationText[]> {
  const migrations = await composeMigrations(supabaseFolder);
  const folder = join(supabaseFolder, "migrations");
  const kept = new Set(migrations.map(({ path }) => basename(path)));
  for await (const { name } of Deno.readDir(folder)) {
    if (!kept.has(name)) await Deno.remove(join(folder, name));
  }
  for (const { path, text } of migrations) await Deno.writeTextFile(path, text);
  return migrations;
}

async function readSchemaPaths(supabaseFolder: string): Promise<string[]> {
  const config = parse(
    await Deno.readTextFile(join(supabaseFolder, "config.toml")),
  ) as { db: { migrations: { schema_paths: string[] } } };
  return config.db.migrations.schema_paths.map((path) =>
    join(supabaseFolder, path)
  );
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
