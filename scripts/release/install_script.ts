import { relative } from "node:path";
import { readSchemaFiles } from "./schema_files.ts";
import { type Source, thisSource } from "./source.ts";
import { refuseInstalled } from "./version_guard.ts";

/** All of the schemas in their order, without anything around them. */
export async function installStatements(
  { supabaseFolder, version }: Source,
): Promise<string> {
  const files = await readSchemaFiles(supabaseFolder, version);
  return files.map(({ path, text }) =>
    `-- ${relative(supabaseFolder, path)}\n${text}`
  ).join("\n");
}

/**
 * The installation as one file of migrations. Its first statement refuses a database that has the
 * pipeline, and says what to run instead.
 */
export async function installScript(source?: Source): Promise<string> {
  const whole = source ?? await thisSource();
  return [
    `-- prompt-pipeline ${whole.version}: everything that it has in the database.`,
    refuseInstalled(whole.version),
    await installStatements(whole),
  ].join("\n");
}
