import { downloadModules } from "../download_modules.ts";
import { functionHost, importMapFlags } from "./function_server.ts";
import {
  type FunctionSettings,
  readFunctionSettings,
} from "./function_settings.ts";

/** Functions that were deployed, and the Deno that they are to run in. */
export interface DeployedFunctions {
  functions: FunctionSettings[];
  /** Path of the executable. */
  deno: string;
}

/**
 * Chooses the functions to serve and downloads what they import.
 *
 * @param project the `supabase` folder that holds them, unless they are deployed
 * @param names by default all
 */
export async function loadFunctions(
  project: string,
  { names, deployed }: { names?: string[]; deployed?: DeployedFunctions },
): Promise<FunctionSettings[]> {
  const functions = deployed?.functions ?? await readFunctionSettings(project);
  const wanted = functions.filter(({ name }) => names?.includes(name) ?? true);
  // Those of a project share an import map, deployed ones have each their own.
  const byImportMap = Map.groupBy(wanted, ({ importMap }) => importMap);
  for (const [importMap, sharers] of byImportMap) {
    await downloadModules(
      [functionHost, ...sharers.map(({ entry }) => entry)],
      importMapFlags(importMap),
      deployed?.deno,
    );
  }
  return wanted;
}
