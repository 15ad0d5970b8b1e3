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
 * @param log told of functions of another project that cannot be loaded
 */
export async function loadFunctions(
  project: string,
  { names, deployed, log }: {
    names?: string[];
    deployed?: DeployedFunctions;
    log: (line: string) => void;
  },
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
    ).catch((error) => {
      if (importMap === undefined || deployed) throw error;
      // One function of somebody else keeps nothing else from starting; it says why when it is called.
      log(error.message);
    });
  }
  return wanted;
}
