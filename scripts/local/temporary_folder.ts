import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { isAlive } from "./is_alive.ts";

/**
 * Makes a folder of this process inside `parent`, and removes those of the same
 * kind which killed processes have left there.
 */
export async function makeTemporaryFolder(
  parent: string,
  kind: string,
): Promise<string> {
  await mkdir(parent, { recursive: true });
  for (const name of await readdir(parent)) {
    const [of, owner] = name.split("-");
    if (of !== kind || !Number(owner) || isAlive(Number(owner))) continue;
    // Another process may tidy up at the same moment.
    await rm(join(parent, name), { recursive: true, force: true });
  }
  const path = join(parent, `${kind}-${Deno.pid}-${crypto.randomUUID()}`);
  await mkdir(path);
  return path;
}
