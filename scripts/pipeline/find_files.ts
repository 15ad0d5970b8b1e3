import { readdir, realpath, stat } from "node:fs/promises";
import { WrongUsage } from "./command.ts";

/** @throws {WrongUsage} there is no such file or folder */
export async function expectPath(path: string): Promise<void> {
  await stat(path).catch((error) => {
    if (error.code !== "ENOENT") throw error;
    throw new WrongUsage(`Cannot read ${path}: no such file or folder`);
  });
}

/**
 * The files that these paths name, as the user would write them, those in folders sorted by name. Every file and folder is given
 * once, whatever links lead to it, so that a circle of links ends. By node:fs, because the tool runs
 * under Node too.
 */
export async function* findFiles(paths: string[]): AsyncGenerator<string> {
  const seen = new Set<string>();
  for (const path of paths) yield* walk(path, seen);
}

async function* walk(path: string, seen: Set<string>): AsyncGenerator<string> {
  let real: string;
  try {
    real = await realpath(path);
  } catch {
    // A link to nowhere, as a rule: whoever opens the file reports it.
    return yield path;
  }
  if (seen.has(real)) return;
  seen.add(real);
  const info = await stat(real);
  if (info.isFile()) return yield path;
  if (!info.isDirectory()) return;
  const names = await readdir(path).catch(() => undefined);
  // A folder that is closed to this user is reported in the same way.
  if (names === undefined) return yield path;
  for (const name of names.sort()) {
    yield* walk(path.endsWith("/") ? path + name : `${path}/${name}`, seen);
  }
}
