import { join } from "node:path";
import { parse } from "smol-toml";
import { z } from "zod";

/** 50 MiB is also the limit of the Free plan: https://supabase.com/docs/guides/storage/uploads/file-limits */
const schema = z.object({
  storage: z.object({ file_size_limit: z.string().default("50MiB") })
    .prefault({}),
});

/** How large a file Storage takes, such as `50MiB`, by config.toml of a `supabase` folder. */
export async function readFileSizeLimit(
  supabaseFolder: string,
): Promise<string> {
  const text = await Deno.readTextFile(join(supabaseFolder, "config.toml"));
  return schema.parse(parse(text)).storage.file_size_limit;
}
