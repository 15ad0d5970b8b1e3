// Format, lint, and that no file imports itself.

import { assertEquals } from "@std/assert";
import { glob, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { checkout } from "../../local/checkout.ts";
import { expectSuccess } from "../expect_success.ts";

for (const args of [["fmt", "--check"], ["lint"]]) {
  Deno.test(`deno ${args.join(" ")}`, () =>
    expectSuccess(Deno.execPath(), args));
}

Deno.test("no file imports itself through others, not even for a type", async () => {
  const imports = new Map<string, string[]>();
  for await (
    const file of glob("{scripts,supabase}/**/*.{ts,tsx}", {
      cwd: checkout,
      exclude: (path) => path.endsWith("node_modules"),
    })
  ) {
    const code = await readFile(join(checkout, file), "utf8");
    const paths = code.matchAll(
      /^(?:import|export)\s(?:[^;"]*?\sfrom\s)?"(\.[^"]+)"/gm,
    );
    imports.set(
      file,
      [...paths].map(([, path]) => join(dirname(file), path)),
    );
  }
  // Whoever imports nothing that is left, or is imported by nobody who is, is on no circle.
  for (let before = Infinity; imports.size < before;) {
    before = imports.size;
    const imported = new Set([...imports.values()].flat());
    for (const [file, paths] of imports) {
      const leadsOn = paths.some((path) => imports.has(path));
      if (!leadsOn || !imported.has(file)) imports.delete(file);
    }
  }
  assertEquals([...imports.keys()], []);
});
