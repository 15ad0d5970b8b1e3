import { supabaseFolder } from "../local/checkout.ts";
import { readVersion } from "./version.ts";

/** A state of the pipeline that scripts are written from. */
export interface Source {
  /** The folder with config.toml, schemas and releases. */
  supabaseFolder: string;
  version: string;
}

/** What this clone is. */
export async function thisSource(): Promise<Source> {
  return { supabaseFolder, version: await readVersion() };
}
