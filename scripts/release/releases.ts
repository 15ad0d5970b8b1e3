import { createHash } from "node:crypto";
import { join } from "node:path";
import { supabaseFolder as thisFolder } from "../local/checkout.ts";
import { ifPresent } from "../local/if_present.ts";
import type { Manifest } from "./names.ts";
import { compareVersions } from "./compare_versions.ts";

/** What is kept of a released version, `supabase/releases/<version>.json`. */
export interface Release {
  version: string;
  /** SHA-256 in hex of each file of supabase/migrations that is frozen with it. */
  migrations: Record<string, string>;
  /** SHA-256 in hex of all of supabase/schemas. */
  schemas: string;
  manifest: Manifest;
}

export function checksumOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

const folderOf = (supabaseFolder: string) => join(supabaseFolder, "releases");

/** The released versions, oldest first. */
export async function releasedVersions(
  supabaseFolder = thisFolder,
): Promise<string[]> {
  const versions: string[] = [];
  const folder = folderOf(supabaseFolder);
  if (!await ifPresent(Deno.stat(folder))) return versions;
  for await (const { name } of Deno.readDir(folder)) {
    const [, version] = /^(\d+\.\d+\.\d+)\.json$/.exec(name) ?? [];
    if (version) versions.push(version);
  }
  return versions.sort(compareVersions);
}

/** @throws Error when the version was never released */
export async function readRelease(
  supabaseFolder: string,
  version: string,
): Promise<Release> {
  const released = await releasedVersions(supabaseFolder);
  if (!released.includes(version)) {
    throw new Error(
      `Cannot upgrade from ${version}: it was never released. Released are ${
        released.join(", ") || "none"
      }. Export what you need, take it out with the removal of its own files, then install`,
    );
  }
  return JSON.parse(
    await Deno.readTextFile(
      join(folderOf(supabaseFolder), `${version}.json`),
    ),
  );
}

export async function writeRelease(
  supabaseFolder: string,
  release: Release,
): Promise<void> {
  await Deno.mkdir(folderOf(supabaseFolder), { recursive: true });
  await Deno.writeTextFile(
    join(folderOf(supabaseFolder), `${release.version}.json`),
    `${JSON.stringify(release, null, 2)}\n`,
  );
}

/**
 * What is written by hand of a version, `supabase/releases/<version>.sql`: its tables, types, indexes
 * and data. Nothing where it only has other functions and the like.
 */
export async function readHandWritten(
  supabaseFolder: string,
  version: string,
): Promise<string> {
  const path = join(folderOf(supabaseFolder), `${version}.sql`);
  return await ifPresent(Deno.readTextFile(path)) ?? "";
}
