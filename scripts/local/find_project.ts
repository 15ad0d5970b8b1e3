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
  for (const name of ["config.jsonc", "config.json"]) {
    if (!await isFile(join(root, "supabase", name))) continue;
    // What `supabase init` writes since 3.4.0: https://github.com/supabase/cli/releases/tag/v3.4.0
    throw new Error(
      `Cannot use supabase/${name} in ${root}: config.toml is what is read and added to here. \`npx supabase@latest config convert --to toml\` makes it`,
    );
  }
  throw new Error(
    `Cannot find a Supabase project in ${root}: there is no supabase/config.toml. \`npx supabase@3.1.0 init\` makes one`,
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
