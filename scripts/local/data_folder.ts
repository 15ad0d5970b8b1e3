import { rm } from "node:fs/promises";
import { join } from "node:path";
import { readFolders } from "./folders.ts";
import { makeTemporaryFolder } from "./temporary_folder.ts";

/** A folder with everything that one embedded Supabase keeps. */
export interface DataFolder {
  path: string;
  /** Removes the databases and objects; keys stay as they are. */
  empty(): Promise<void>;
  /** Lets others use the folder; removes it when it is temporary. */
  release(): Promise<void>;
}

/** Opens the given folder, or a temporary one. */
export function openStackFolder(path?: string): Promise<DataFolder> {
  return path === undefined
    ? makeTemporaryDataFolder(readFolders().temporary)
    : openDataFolder(path);
}

/**
 * Opens a folder that survives the stack, and keeps others out of it. The lock
 * ends with this process, however that ends.
 *
 * @throws Error when another process uses the folder
 */
export async function openDataFolder(path: string): Promise<DataFolder> {
  const lock = await openLock(path);
  if (!await lock.tryLock(true)) {
    const owner = (await Deno.readTextFile(join(path, "lock"))).trim();
    lock.close();
    throw new Error(
      `Cannot use ${path}: process ${owner} runs an embedded Supabase in it; stop that one or choose another folder with --data`,
    );
  }
  await lock.truncate();
  await lock.write(new TextEncoder().encode(`${Deno.pid}\n`));
  return {
    path,
    async empty() {
      for (const name of ["postgres", "objects"]) {
        await rm(join(path, name), { recursive: true, force: true });
      }
    },
    release: () => Promise.resolve(lock.close()),
  };
}

async function openLock(path: string): Promise<Deno.FsFile> {
  try {
    await Deno.mkdir(path, { recursive: true });
    return await Deno.open(join(path, "lock"), {
      create: true,
      read: true,
      write: true,
    });
  } catch (error) {
    throw new Error(
      `Cannot use ${path}: ${
        (error as Error).message
      }; choose another folder with --data`,
      { cause: error },
    );
  }
}

/** Makes a folder inside `parent` that is removed when it is released. */
export async function makeTemporaryDataFolder(
  parent: string,
): Promise<DataFolder> {
  const path = await makeTemporaryFolder(parent, "stack");
  return {
    path,
    // It is new.
    empty: () => Promise.resolve(),
    release: () => rm(path, { recursive: true, force: true }),
  };
}
