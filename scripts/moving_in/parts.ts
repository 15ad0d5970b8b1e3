import { readyMade } from "../ready_made.ts";
import type { Source } from "../release/source.ts";
import type { TakenNames } from "../release/taken_names.ts";

/** A folder of supabase/functions. */
export interface FunctionFolder {
  name: string;
  /** Other functions that the same files serve, by lines in config.toml. */
  alsoServes: string[];
  /** Those that are only wanted by who asks for them. */
  mayServe: string[];
  /** Texts by the name of their file. */
  files: Record<string, string>;
}

/** All that goes into a project of somebody else. */
export interface MovingInParts {
  version: string;
  /** SQL for a database that has nothing of ours; its first statement refuses any other. */
  install: string;
  /** SQL by the version that it brings to this one; its first statement refuses any other. */
  upgrades: Record<string, string>;
  removal: { withData: string; keepingData: string };
  takenNames: TakenNames;
  functions: FunctionFolder[];
}

let parts: Promise<MovingInParts> | undefined;

/** Made once from the sources of a clone, ready in the package. */
export function movingInParts(): Promise<MovingInParts> {
  return parts ??= readyMade("moving-in", () => makeParts());
}

/**
 * What only a clone has is loaded here, so that the package need not have it.
 *
 * @param given by default what this clone is
 */
export async function makeParts(given?: Source): Promise<MovingInParts> {
  const [
    { thisSource },
    { installScript },
    { upgradeScript },
    { removalScript },
    { takenNames },
    { releasedVersions },
    { bundleFunctions },
  ] = await Promise.all([
    import("../release/source.ts"),
    import("../release/install_script.ts"),
    import("../release/upgrade_script.ts"),
    import("../release/removal_script.ts"),
    import("../release/taken_names.ts"),
    import("../release/releases.ts"),
    import("./bundle_functions.ts"),
  ]);
  const source = given ?? await thisSource();
  const { supabaseFolder, version } = source;
  const older = (await releasedVersions(supabaseFolder))
    .filter((released) => released !== version);
  return {
    version,
    install: await installScript(source),
    upgrades: Object.fromEntries(
      await Promise.all(older.map(async (
        from,
      ) => [from, await upgradeScript(from, source)])),
    ),
    removal: {
      withData: await removalScript({ withData: true }, source),
      keepingData: await removalScript({ withData: false }, source),
    },
    takenNames: await takenNames(supabaseFolder),
    functions: await bundleFunctions(version),
  };
}
