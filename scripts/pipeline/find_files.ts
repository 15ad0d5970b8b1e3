import { readdir, realpath, stat } from "node:fs/promises";

/** A file to read: its path as the user would write it. */
export interface FoundFile {
  path: string;
}

/**
 * The files that these paths name, those in folders sorted by name. Every file and folder is given
 * once, whatever links lead to it, so that a circle of links ends. By node:fs, because the tool runs
 * under Node too.
 */
export async function* findFiles(paths: string[]): AsyncGenerator<FoundFile> {
  const seen = new Set<string>();
  for (const path of paths) yield* walk(path, seen);
}

async function* walk(
  path: string,
  seen: Set<string>,
): AsyncGenerator<FoundFile> {
  let real: string;
  try {
    real = await realpath(path);
  } catch (error) {
    // A link to nowhere: whoever opens the file reports it.
    if ((error as { code?: string }).code === "ENOENT") return yield { path };
    throw error;
  }
  if (seen.has(real)) return;
  seen.add(real);
  const info = await stat(real);
  if (info.isFile()) return yield { path };
  if (!info.isDirectory()) return;
  for (const name of (await readdir(path)).sort()) {
    yield* walk(path.endsWith("/") ? path + name : `${path}/${name}`, seen);
  }
}
