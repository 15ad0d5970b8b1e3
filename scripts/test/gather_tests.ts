import { glob } from "node:fs/promises";
import { join, sep } from "node:path";
import { pathToFileURL } from "node:url";

/** Modules that import test files; they are gone when disposed of. */
export interface GatheredTests extends AsyncDisposable {
  /** Paths of the modules. */
  modules: string[];
}

/**
 * Writes modules which together import every `*_test.ts` of some folders. `deno test` loads
 * all that a test file imports anew for each file, which for 250 files takes two minutes of
 * processor time and for four modules eight seconds (https://github.com/denoland/deno/issues/20437).
 * Given a folder that holds a member of the workspace it also leaves out all files but the
 * member's (2.9.6).
 *
 * @param root what the folders are relative to
 * @param ignore folders inside them
 * @param count how many modules; files that stand side by side go to different ones
 * @param place among what is gathered: `deno test` begins with what comes first by name
 */
export async function gatherTests(
  root: string,
  paths: string[],
  ignore: string[],
  count: number,
  place = 0,
): Promise<GatheredTests> {
  const files = (await Promise.all(
    paths.map((path) =>
      Array.fromAsync(glob(join(path, "**", "*_test.ts"), { cwd: root }))
    ),
  )).flat().filter((file) =>
    !ignore.some((folder) => file.startsWith(join(folder, sep)))
  ).sort();
  const folder = await Deno.makeTempDir({ prefix: `gathered_tests_${place}_` });
  const modules = await Promise.all(
    Array.from({ length: Math.min(count, files.length) }, async (_, index) => {
      const imports = files.filter((_, place) => place % count === index)
        .map((file) =>
          `import ${JSON.stringify(pathToFileURL(join(root, file)).href)};\n`
        );
      const module = join(folder, `${index + 1}_test.ts`);
      await Deno.writeTextFile(module, imports.join(""));
      return module;
    }),
  );
  return {
    modules,
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}
