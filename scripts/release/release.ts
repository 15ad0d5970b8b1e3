import { basename, join } from "node:path";
import { checkout, supabaseFolder } from "../local/checkout.ts";
import { readMigrations } from "../local/migration_files.ts";
import { installStatements } from "./install_script.ts";
import { writeManifest } from "./manifest.ts";
import type { Manifest } from "./names.ts";
import { startDatabases } from "./databases.ts";
import { expectSameMigrations } from "./same_databases.ts";
import {
  checksumOf,
  readRelease,
  releasedVersions,
  writeRelease,
} from "./releases.ts";
import { findUnserved } from "./served_functions.ts";
import { compareVersions } from "./compare_versions.ts";
import { functionVersionPath, toFunctionVersion } from "./version.ts";
import { frozenMigrations, writeMigrations } from "./write_migrations.ts";

/**
 * Freezes a version of this clone.
 *
 * @returns what was done, and what is left to do
 * @throws Error that says why it cannot be released; files may be written by then, which the next
 * call writes again
 */
export async function release(version: string, now: Date): Promise<string[]> {
  const released = await releasedVersions();
  const last = released.at(-1);
  if (!/^\d+\.\d+\.\d+$/.test(version)) {
    throw new Error(`Cannot release "${version}": write it as 1.0.0`);
  }
  if (last !== undefined && compareVersions(version, last) <= 0) {
    throw new Error(`Cannot release ${version}: ${last} is released`);
  }
  await writeVersion(version);
  const source = { supabaseFolder, version };
  const manifest = await writeManifest(source);
  if (last !== undefined) await expectServed(last, manifest);
  const written = await writeMigrations(source, now);
  await using databases = await startDatabases();
  let made = 0;
  await expectSameMigrations(
    source,
    () => databases.create(`proof_${++made}`),
  );
  const known = await frozenMigrations(supabaseFolder);
  const migrations = await readMigrations(join(supabaseFolder, "migrations"));
  await writeRelease(supabaseFolder, {
    version,
    migrations: Object.fromEntries(
      migrations.filter(({ path }) => !(basename(path) in known))
        .map(({ path, sql }) => [basename(path), checksumOf(sql)]),
    ),
    schemas: checksumOf(await installStatements(source)),
    manifest,
  });
  await dateChanges(version, now);
  return [
    `Released ${version}: ${
      written.map(({ path }) => basename(path)).join(", ")
    }`,
    `Next: look at git diff, git add --all and commit, then git tag v${version}`,
    "With the next change of supabase/schemas write a version with -dev into deno.json.",
  ];
}

async function writeVersion(version: string): Promise<void> {
  const path = join(checkout, "deno.json");
  const text = await Deno.readTextFile(path);
  await Deno.writeTextFile(
    path,
    text.replace(/"version": "[^"]*"/, `"version": "${version}"`),
  );
  await Deno.writeTextFile(functionVersionPath, toFunctionVersion(version));
}

async function expectServed(last: string, manifest: Manifest): Promise<void> {
  if (compareVersions(manifest.oldestServed, last) > 0) {
    throw new Error(
      `Cannot release: pipeline.oldest_served() is ${manifest.oldestServed}, and functions of ${last} go on until the new ones are deployed`,
    );
  }
  const { manifest: before } = await readRelease(supabaseFolder, last);
  const unserved = findUnserved(before, manifest);
  if (unserved.length === 0) return;
  throw new Error(
    `Cannot release: functions of ${last} go on until the new ones are deployed, and would miss
  ${unserved.join("\n  ")}
Keep what they call for one more release.`,
  );
}

async function dateChanges(version: string, now: Date): Promise<void> {
  const path = join(checkout, "CHANGELOG.md");
  const text = await Deno.readTextFile(path);
  const day = now.toISOString().slice(0, 10);
  await Deno.writeTextFile(
    path,
    text.replace(
      "## [Unreleased]\n",
      `## [Unreleased]\n\n## [${version}] - ${day}\n`,
    ),
  );
}
