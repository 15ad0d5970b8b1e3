import { readyMade } from "../ready_made.ts";
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

/** Made from the sources of a clone, ready in the package. */
export const movingInParts = (): Promise<MovingInParts> =>
  readyMade("moving-in", makeParts);

/** What only a clone has is loaded here, so that the package need not have it. */
export async function makeParts(): Promise<MovingInParts> {
  const [release, installing, upgrading, removing, names, bundling] =
    await Promise.all([
      import("../release/version.ts"),
      import("../release/install_script.ts"),
      import("../release/upgrade_script.ts"),
      import("../release/removal_script.ts"),
      import("../release/taken_names.ts"),
      import("./bundle_functions.ts"),
    ]);
  const { releasedVersions } = await import("../release/releases.ts");
  const version = await release.readVersion();
  const older = (await releasedVersions())
    .filter((released) => released !== version);
  return {
    version,
    install: await installing.installScript(),
    upgrades: Object.fromEntries(
      await Promise.all(older.map(async (
        from,
      ) => [from, await upgrading.upgradeScript(from)])),
    ),
    removal: {
      withData: await removing.removalScript({ withData: true }),
      keepingData: await removing.removalScript({ withData: false }),
    },
    takenNames: await names.takenNames(),
    functions: await bundling.bundleFunctions(version),
  };
}
