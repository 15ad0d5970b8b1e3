import { stat } from "node:fs/promises";
import { basename, join, resolve } from "node:path";

/**
 * The `supabase` folder of the project in a directory, which may be that folder itself.
 *
 * @throws Error naming where it was looked for, and what makes a project
 */
export async function findSupabaseFolder(directory: string): Promise<string> {
  const root = resolve(directory);
  const folders = [
    join(root, "supabase"),
    ...basename(root) === "supabase" ? [root] : [],
  ];
  for (const folder of folders) {
    if (await isFile(join(folder, "config.toml"))) return folder;
  }
  throw new Error(
    `Cannot find a Supabase project in ${root}: there is no supabase/config.toml. \`npx supabase init\` makes one`,
  );
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile();
  } catch (error) {
    if ((error as { code?: string }).code === "ENOENT") return false;
    throw error;
  }
}
