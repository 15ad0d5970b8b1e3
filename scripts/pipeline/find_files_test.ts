import { assertEquals } from "@std/assert";
import { findFiles } from "./find_files.ts";

/** A folder with `a.json`, `deep/b.json`, and links: to a file, to the folder itself, to nowhere. */
async function withFolder(test: (folder: string) => Promise<void>) {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.mkdir(`${folder}/deep`);
    await Deno.writeTextFile(`${folder}/a.json`, "[]");
    await Deno.writeTextFile(`${folder}/deep/b.json`, "[]");
    await Deno.symlink(`${folder}/a.json`, `${folder}/deep/copy.json`);
    await Deno.symlink(folder, `${folder}/deep/circle`);
    await Deno.symlink(`${folder}/gone`, `${folder}/nowhere`);
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const found = (...paths: string[]) => Array.fromAsync(findFiles(paths));

Deno.test("findFiles() gives every file of a folder once, sorted, and ends in circles", () =>
  withFolder(async (folder) => {
    assertEquals(await found(folder), [
      `${folder}/a.json`,
      `${folder}/deep/b.json`,
      // Whoever opens it reports that it leads nowhere.
      `${folder}/nowhere`,
    ]);
  }));

Deno.test("findFiles() gives a file that two paths name once", () =>
  withFolder(async (folder) => {
    assertEquals(
      await found(`${folder}/a.json`, `${folder}/deep/copy.json`),
      [`${folder}/a.json`],
    );
  }));
