import { mkdir, readdir, rename, rm, rmdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { readIfPresent } from "./customer_project.ts";
import { readMark } from "./marked_file.ts";

/** What becomes of a file. */
export interface FileChange {
  /** Below the `supabase` folder. */
  path: string;
  /** Absent: it is new. */
  before?: string;
  /** Absent: it goes. */
  after?: string;
  /** Where the file of somebody else is kept that was there. */
  keptAs?: string;
}

/**
 * What it takes to bring a generated file to a text. A file that was edited, or that is not ours, is
 * kept under another name.
 *
 * @param after absent: it is to go
 * @param generated what it is like when nobody has edited it, of a file that cannot be marked
 * @returns undefined: it is as it should be
 */
export async function changeGenerated(
  folder: string,
  path: string,
  { after, generated = after }: { after?: string; generated?: string },
): Promise<FileChange | undefined> {
  const before = await readIfPresent(join(folder, path));
  if (before === undefined && after === undefined) return undefined;
  if (before === after) return undefined;
  const isTheirs = before !== undefined && before !== generated &&
    (readMark(before)?.isEdited ?? true);
  return {
    path,
    before,
    after,
    ...isTheirs && { keptAs: await freeName(folder, `${path}.edited`) },
  };
}

/** The files of a folder, by their names; none: there is no such folder. */
export async function listFiles(folder: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries.filter((entry) => entry.isFile()).map(({ name }) => name);
  } catch (error) {
    if ((error as { code?: string }).code === "ENOENT") return [];
    throw error;
  }
}

/** Makes the changes, one after the other; folders that this empties go. */
export async function applyChanges(
  folder: string,
  changes: FileChange[],
): Promise<void> {
  for (const { path, after, keptAs } of changes) {
    const target = join(folder, path);
    if (keptAs) await rename(target, join(folder, keptAs));
    if (after !== undefined) {
      await mkdir(dirname(target), { recursive: true });
      await writeFile(target, after);
    } else {
      await rm(target, { force: true });
      await removeIfEmpty(dirname(target));
    }
  }
}

async function removeIfEmpty(folder: string): Promise<void> {
  if ((await readdir(folder)).length === 0) await rmdir(folder);
}

async function freeName(folder: string, path: string): Promise<string> {
  let name = path;
  for (let n = 2; await readIfPresent(join(folder, name)) !== undefined; n++) {
    name = `${path}-${n}`;
  }
  return name;
}
