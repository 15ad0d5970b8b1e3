import { basename, join } from "node:path";
import { ifPresent } from "./if_present.ts";

/** A file of supabase/migrations: `<version>_<name>.sql`. */
export interface Migration {
  path: string;
  version: string;
  name: string;
  sql: string;
}

/** Reads the migrations of a folder in the order in which they apply; a new project has no folder yet. */
export async function readMigrations(folder: string): Promise<Migration[]> {
  const files: string[] = [];
  if (!await ifPresent(Deno.stat(folder))) return [];
  for await (const entry of Deno.readDir(folder)) {
    if (/^\d+_.*\.sql$/.test(entry.name)) files.push(join(folder, entry.name));
  }
  return await Promise.all(
    files.sort().map(async (path) => {
      const [, version, name] = /^(\d+)_(.*)\.sql$/.exec(basename(path))!;
      return { path, version, name, sql: await Deno.readTextFile(path) };
    }),
  );
}
