import { PipelineError } from "../errors.ts";

/** On whose behalf an operation acts. */
export type Caller =
  | { kind: "service" }
  | { kind: "user"; id: string; isAnonymous?: boolean };

/** The owner that rows get: the user, or null for the service. */
export function ownerOf(caller: Caller): string | null {
  return caller.kind === "user" ? caller.id : null;
}

/**
 * Keeps users out of archives that are not theirs, by the rule that runs follow: only below a folder
 * named after their user id.
 *
 * @throws {PipelineError} `forbidden`
 */
export function checkFolderOf(caller: Caller, prefix: string): void {
  if (caller.kind === "service") return;
  const climbs = prefix.split("/").some((part) =>
    part === "." || part === ".."
  );
  if (prefix.startsWith(`${caller.id}/`) && !climbs) return;
  throw new PipelineError(
    "forbidden",
    `Cannot read "${prefix}": users may only read archives below a folder named after their user id. Write "prefix": "${caller.id}/…"`,
  );
}
