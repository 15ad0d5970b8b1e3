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

let parts: Promise<MovingInParts> | undefined;

/** Made once from the sources of a clone, ready in the package. */
export function movingInParts(): Promise<MovingInParts> {
  return parts ??= readyMade(
    "moving-in",
    // Loaded when it is needed: the package does not have it.
    async () => await (await import("./make_parts.ts")).makeParts(),
  );
}
