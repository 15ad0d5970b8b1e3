import { assert } from "@std/assert";
import { glob, readFile } from "node:fs/promises";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));

async function readAllText(pattern: string): Promise<string> {
  const texts: string[] = [];
  for await (const file of glob(pattern, { cwd: root })) {
    texts.push(await readFile(`${root}/${file}`, "utf8"));
  }
  return texts.join("\n");
}

Deno.test("pictures of the docs are made by browser tests, and shown", async () => {
  const tests = await readAllText("supabase/tests/{e2e,slow}/*_test.ts");
  const pages = await readAllText("{README.md,docs/**/*.md}");
  let count = 0;
  for await (const file of glob("docs/images/*", { cwd: root })) {
    const name = basename(file, ".png");
    assert(tests.includes(`takePicture("${name}")`), `no test makes ${file}`);
    assert(pages.includes(`images/${name}.png`), `no page shows ${file}`);
    count++;
  }
  assert(count > 0);
});
