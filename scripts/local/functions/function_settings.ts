import { dirname, join } from "node:path";
import { parse } from "smol-toml";
import * as z from "zod";
import { supabaseFolder as ownFolder } from "../checkout.ts";
import { ifPresent } from "../if_present.ts";

/** What config.toml says about a function. */
export interface FunctionSettings {
  name: string;
  /** Path of the file that serves it. */
  entry: string;
  /** Path of its import map, when it is not that of this clone; false: it has none. */
  importMap?: string | false;
  /** Whether the gateway lets only valid tokens and keys through. */
  verifyJwt: boolean;
}

const schema = z.object({
  functions: z.record(
    z.string(),
    z.object({
      verify_jwt: z.boolean().default(true),
      enabled: z.boolean().default(true),
      /** Relative to the `supabase` folder, as all paths. */
      entrypoint: z.string().optional(),
      import_map: z.string().optional(),
    }),
  ).default({}),
});

/**
 * Lists the functions of a `supabase` folder as the Supabase CLI does: every folder of functions/ with an
 * index.ts, and every function whose file config.toml names, unless that switches it off.
 */
export async function readFunctionSettings(
  supabaseFolder: string,
): Promise<FunctionSettings[]> {
  const config = schema.parse(
    parse(await Deno.readTextFile(join(supabaseFolder, "config.toml"))),
  );
  const folder = join(supabaseFolder, "functions");
  const names = new Set(Object.keys(config.functions));
  if (await ifPresent(Deno.stat(folder))) {
    for await (const { name, isDirectory } of Deno.readDir(folder)) {
      if (isDirectory) names.add(name);
    }
  }
  const found: FunctionSettings[] = [];
  for (const name of [...names].sort()) {
    const { enabled = true, verify_jwt = true, entrypoint, import_map } =
      config.functions[name] ?? {};
    const entry = entrypoint === undefined
      ? join(folder, name, "index.ts")
      : join(supabaseFolder, entrypoint);
    if (!enabled || !await isFile(entry)) continue;
    const importMap = import_map === undefined
      ? await findImportMap(dirname(entry), folder)
      : join(supabaseFolder, import_map);
    found.push({
      name,
      entry,
      // That of this clone is a member of its workspace, with its lock file.
      ...importMap !== join(ownFolder, "functions", "deno.json") &&
        { importMap },
      verifyJwt: verify_jwt,
    });
  }
  return found;
}

/** Where Supabase CLI 3 looks: https://supabase.com/docs/guides/local-development/cli/migrating-to-v3 */
async function findImportMap(
  beside: string,
  functions: string,
): Promise<string | false> {
  for (
    const path of [
      join(beside, "deno.json"),
      join(beside, "deno.jsonc"),
      join(functions, "import_map.json"),
    ]
  ) if (await isFile(path)) return path;
  return false;
}

async function isFile(path: string): Promise<boolean> {
  return (await ifPresent(Deno.stat(path)))?.isFile ?? false;
}
