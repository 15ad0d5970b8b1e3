import { supabaseFolder } from "../local/checkout.ts";
import { COPIED_TABLES } from "./kept_tables.ts";
import { readManifest } from "./manifest.ts";

/** Every name that an installation needs for itself, then or when it goes. */
export interface TakenNames {
  schemas: string[];
  /** Tables, views, indexes and sequences, as `public.pipeline_runs`. */
  relations: string[];
  types: string[];
  /** Without arguments, as `public.pause_pipeline_run`. */
  functions: string[];
  roles: string[];
  cronJobs: string[];
  publications: string[];
  /** What it must find or may create. */
  extensions: string[];
  /** A secret in Vault whose name begins so is the pipeline's. */
  vaultPrefix: string;
}

/** The names of this version, from manifest.json of its `supabase` folder. */
export async function takenNames(
  folder: string = supabaseFolder,
): Promise<TakenNames> {
  const names = await readManifest(folder);
  const {
    schemas,
    types,
    storedTypes,
    roles,
    cronJobs,
    publications,
    extensions,
  } = names;
  return {
    schemas,
    relations: [
      ...names.tables,
      ...COPIED_TABLES,
      ...Object.keys(names.views),
      ...names.indexes,
      ...names.sequences,
    ],
    types: [...types, ...storedTypes],
    functions: [
      ...new Set(
        Object.keys(names.functions).map((name) => name.replace(/\(.*/s, "")),
      ),
    ],
    roles,
    cronJobs,
    publications,
    extensions,
    vaultPrefix: names.vaultPrefix,
  };
}
