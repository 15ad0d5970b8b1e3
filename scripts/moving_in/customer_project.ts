import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { PipelineError } from "../../supabase/functions/_shared/errors.ts";
import { findSupabaseFolder } from "../local/find_project.ts";
import { type Mark, readMark } from "./marked_file.ts";

/** A file of supabase/migrations that the Supabase CLI applies. */
export interface CustomerMigration {
  file: string;
  /** What is before the first `_`: the CLI keeps it, and sorts by it. */
  version: string;
  sql: string;
  /** One of ours. */
  mark?: Mark;
}

/** A Supabase project on this machine, as far as it matters to whoever moves in. */
export interface CustomerProject {
  /** The `supabase` folder. */
  folder: string;
  config: string;
  /** In the order in which they apply. */
  migrations: CustomerMigration[];
}

/** Reads the project in a directory. @throws {PipelineError} `not_found`: there is none */
export async function readCustomerProject(
  directory: string,
): Promise<CustomerProject> {
  const folder = await findSupabaseFolder(directory).catch((error) => {
    throw new PipelineError("not_found", error.message, { cause: error });
  });
  const config = await readFile(join(folder, "config.toml"), "utf8");
  return {
    folder,
    config,
    migrations: await readMigrations(join(folder, "migrations")),
  };
}

/** The text of a file; undefined: there is none. */
export async function readIfPresent(
  path: string,
): Promise<string | undefined> {
  return await orIfAbsent(readFile(path, "utf8"), undefined);
}

/**
 * The version of the pipeline that the migrations of a folder come to; null: they take it out, undefined:
 * they know nothing of it.
 */
export function versionInFolder(
  { migrations }: Pick<CustomerProject, "migrations">,
): string | null | undefined {
  const mark = migrations.findLast(({ mark }) => mark)?.mark;
  return mark?.kind === "remove" ? null : mark?.version;
}

/** The same, or that of its database: the folder knows best what a push comes to. */
export function versionThere(
  project: Pick<CustomerProject, "migrations">,
  facts: { version: string | null } | undefined,
): string | null | undefined {
  const inFolder = versionInFolder(project);
  return inFolder === undefined ? facts?.version ?? undefined : inFolder;
}

async function readMigrations(folder: string): Promise<CustomerMigration[]> {
  const names = await orIfAbsent(readdir(folder), []);
  // As the CLI finds and sorts them: supabase/cli, pkg/migration/list.go.
  const files = names.filter((name) => /^\d+_.*\.sql$/.test(name)).sort();
  return await Promise.all(files.map(async (file) => {
    const sql = await readFile(join(folder, file), "utf8");
    return { file, version: file.split("_")[0], sql, mark: readMark(sql) };
  }));
}

async function orIfAbsent<Value, Other>(
  promise: Promise<Value>,
  absent: Other,
): Promise<Value | Other> {
  try {
    return await promise;
  } catch (error) {
    if ((error as { code?: string }).code === "ENOENT") return absent;
    throw error;
  }
}
