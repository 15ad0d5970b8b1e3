import { join } from "node:path";
import { type FunctionLines, functionsOf } from "./config_lines.ts";
import { type CustomerProject, readIfPresent } from "./customer_project.ts";
import { readMark } from "./marked_file.ts";
import type { FunctionFolder } from "./parts.ts";

/** Tables of config.toml, by the function. */
type Tables = Record<string, Partial<FunctionLines> | undefined>;

/** The lines of config.toml by function; those that were asked for once stay. */
export function linesOf(
  functions: FunctionFolder[],
  config: string,
  allFunctions: boolean,
): Record<string, FunctionLines> {
  const present = functionsOf(config) as Tables;
  return Object.fromEntries(functions.flatMap((folder) => {
    const lines = toLines(folder);
    return namesOf(folder).filter((name) =>
      allFunctions || !folder.mayServe.includes(name) ||
      present[name]?.entrypoint === lines.entrypoint
    ).map((name) => [name, lines]);
  }));
}

/** The functions of a project that are ours: those of our folders, and what these serve. */
export function ownFunctions(
  functions: FunctionFolder[],
  config: string,
): string[] {
  const present = functionsOf(config) as Tables;
  return functions.flatMap((folder) =>
    namesOf(folder).filter((name) =>
      name === folder.name ||
      present[name]?.entrypoint === toLines(folder).entrypoint
    )
  );
}

/** Functions of somebody else with names that are needed, each with the way out. */
export async function findTheirFunctions(
  { folder, config }: Pick<CustomerProject, "folder" | "config">,
  functions: FunctionFolder[],
  allFunctions: boolean,
): Promise<string[]> {
  const problems: string[] = [];
  const present = functionsOf(config) as Tables;
  const wanted = linesOf(functions, config, allFunctions);
  for (const [name, { entrypoint }] of Object.entries(wanted)) {
    const index = await readIfPresent(
      join(folder, "functions", name, "index.ts"),
    );
    if (index !== undefined && !readMark(index)) {
      problems.push(
        `supabase/functions/${name} is a function of yours: rename it, its address is needed`,
      );
      continue;
    }
    const table = present[name];
    const isOurFolder = functions.some((folder) => folder.name === name);
    const isTheirs = table?.entrypoint === undefined
      ? table !== undefined && !isOurFolder
      : table.entrypoint !== entrypoint;
    if (isTheirs) {
      problems.push(
        `[functions.${name}] in supabase/config.toml is a function of yours: rename it, its address is needed`,
      );
    }
  }
  return problems;
}

/** Paths are relative to the `supabase` folder. */
function toLines({ name }: FunctionFolder): FunctionLines {
  return {
    // They check keys, tokens and wakes themselves: https://supabase.com/docs/guides/functions/auth
    verify_jwt: false,
    entrypoint: `./functions/${name}/index.ts`,
    import_map: `./functions/${name}/deno.json`,
  };
}

function namesOf({ name, alsoServes, mayServe }: FunctionFolder): string[] {
  return [name, ...alsoServes, ...mayServe];
}
