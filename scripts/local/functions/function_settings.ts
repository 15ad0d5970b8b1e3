import { join } from "node:path";
import { parse } from "smol-toml";
import * as z from "zod";
import { ifPresent } from "../if_present.ts";

/** What config.toml says about a function. */
export interface FunctionSettings {
  name: string;
  /** Path of its index.ts. */
  entry: string;
  /** Path of its import map, when it is not that of this clone. */
  importMap?: string;
  /** Whether the gateway lets only valid tokens and keys through. */
  verifyJwt: boolean;
}

const schema = z.object({
  functions: z.record(
    z.string(),
    z.object({
      verify_jwt: z.boolean().default(true),
      enabled: z.boolean().default(true),
    }),
  ).default({}),
});

/**
 * Lists the functions of a `supabase` folder: every folder of functions/ with an
 * index.ts that config.toml does not switch off.
 */
export async function readFunctionSettings(
  supabaseFolder: string,
): Promise<FunctionSettings[]> {
  const config = schema.parse(
    parse(await Deno.readTextFile(join(supabaseFolder, "config.toml"))),
  );
  const folder = join(supabaseFolder, "functions");
  const found: FunctionSettings[] = [];
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    const entry = join(folder, name, "index.ts");
    const settings = config.functions[name];
    if (!isDirectory || settings?.enabled === false) continue;
    if ((await ifPresent(Deno.stat(entry)))?.isFile) {
      found.push({ name, entry, verifyJwt: settings?.verify_jwt ?? true });
    }
  }
  return found.sort((a, b) => a.name < b.name ? -1 : 1);
}
