import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runProgram } from "../test/run_program.ts";
import { buildPackage } from "./build_package.ts";

/**
 * Builds the npm package and packs it as npm would to publish it.
 *
 * @returns the path of the tarball in the folder
 * @throws Error with what npm says
 */
export async function packPackage(out: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "prompt-pipeline-package-"));
  try {
    await buildPackage(folder);
    const npm = Deno.build.os === "windows" ? "npm.cmd" : "npm";
    const { success, output, everything } = await runProgram(npm, [
      "pack",
      folder,
      "--silent",
      `--pack-destination=${out}`,
    ]);
    if (!success) throw new Error(`Cannot pack the package: ${everything}`);
    return join(out, output.trim());
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
