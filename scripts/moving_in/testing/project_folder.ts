import { dirname, join } from "node:path";

/** As `supabase init` and a year of work leave it. */
const CONFIG = `# A shop
project_id = "shop" # also the name of its containers

[db]
major_version = 17

# [db.vault]
# secret_key = "env(SECRET_VALUE)"

# The bank calls it
[functions.hello]
verify_jwt = false   # it signs
import_map = "./functions/deno.json"
`;

/** Hands over the folder of a Supabase project with these files, by their path below `supabase`. */
export async function withProjectFolder(
  files: Record<string, string>,
  use: (directory: string) => Promise<void>,
): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "project_" });
  try {
    const all = { "config.toml": CONFIG, ...files };
    for (const [path, text] of Object.entries(all)) {
      const target = join(directory, "supabase", path);
      await Deno.mkdir(dirname(target), { recursive: true });
      await Deno.writeTextFile(target, text);
    }
    await use(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}
