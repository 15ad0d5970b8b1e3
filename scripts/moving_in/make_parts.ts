import { compareVersions } from "../release/compare_versions.ts";
import { installScript } from "../release/install_script.ts";
import { releasedVersions } from "../release/releases.ts";
import { removalScript } from "../release/removal_script.ts";
import { type Source, thisSource } from "../release/source.ts";
import { takenNames } from "../release/taken_names.ts";
import { upgradeScript } from "../release/upgrade_script.ts";
import { bundleFunctions } from "./bundle_functions.ts";
import type { MovingInParts } from "./parts.ts";

/**
 * Makes all that goes into a project of somebody else, from the sources of a clone.
 *
 * @param given by default what this clone is
 */
export async function makeParts(given?: Source): Promise<MovingInParts> {
  const source = given ?? await thisSource();
  const { supabaseFolder, version } = source;
  const older = (await releasedVersions(supabaseFolder))
    .filter((released) => compareVersions(released, version) < 0);
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
