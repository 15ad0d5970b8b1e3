import { cp, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import denoJson from "../../deno.json" with { type: "json" };
import { bundleBrowserCode } from "../dashboard/bundle.ts";
import { checkout } from "../local/checkout.ts";
import { makeParts } from "../moving_in/make_parts.ts";
import { writeToolTypes } from "./tool_types.ts";
import { runProgram } from "../test/run_program.ts";

/** Cannot be bundled: its WebAssembly lies beside it. */
const OUTSIDE = "libpg-query";

/** What makes that which lies ready in the package, where it is never loaded. */
const ONLY_IN_A_CLONE = "./make_parts.ts";

const HASHBANG = "#!/usr/bin/env node\n";
const REQUIRE =
  'import{createRequire}from"node:module";const require=createRequire(import.meta.url);\n';

/** How the command line is called, in a clone and in the package. */
const COMMAND = ["deno task pipeline", "npx prompt-pipeline"] as const;

/**
 * Makes the folder of the npm package. `deno pack` is not for it: it does not bundle, so that all
 * dependencies would be installed, and has neither commands nor other files
 * (https://docs.deno.com/runtime/reference/cli/pack/).
 *
 * @throws Error with what the bundler says
 */
export async function buildPackage(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(join(folder, "dist", "ready"), { recursive: true });
  await bundlePrograms(join(folder, "dist"));
  const ready = {
    dashboard: bundleBrowserCode,
    "moving-in": () => makeParts(),
  };
  for (const [name, make] of Object.entries(ready)) {
    await writeFile(
      join(folder, "dist", "ready", `${name}.json`),
      JSON.stringify(await make()),
    );
  }
  const types = join(folder, "dist", "tool.d.ts");
  await writeFile(types, await writeToolTypes());
  await runProgram(Deno.execPath(), ["fmt", "--quiet", "--no-config", types]);
  await writeFile(
    join(folder, "package.json"),
    JSON.stringify(describePackage(), null, 2),
  );
  const copies = {
    "LICENSE": "LICENSE",
    "skills": "skills",
    "scripts/package/README.md": "README.md",
  };
  for (const [from, to] of Object.entries(copies)) {
    await cp(join(checkout, from), join(folder, to), { recursive: true });
  }
}

async function bundlePrograms(folder: string): Promise<void> {
  const { success, everything } = await runProgram(Deno.execPath(), [
    "bundle",
    "--quiet",
    "--minify",
    "--keep-names",
    // Each command is loaded when it is used.
    "--code-splitting",
    `--external=${OUTSIDE}`,
    `--external=${ONLY_IN_A_CLONE}`,
    `--outdir=${folder}`,
    "scripts/package/cli.ts",
    "scripts/package/tool.ts",
  ]);
  if (!success) throw new Error(`Cannot bundle the package: ${everything}`);
  for (const name of await readdir(folder)) {
    if (!name.endsWith(".js")) continue;
    const file = join(folder, name);
    const text = forNode(await readFile(file, "utf8"));
    await writeFile(file, name === "cli.js" ? `${HASHBANG}${text}` : text);
  }
}

/** What a bundle for Deno lacks under Node, and says amiss in the package. */
function forNode(text: string): string {
  // Packages of CommonJS ask for node: modules by it (https://github.com/evanw/esbuild/issues/1921).
  const first = text.includes("Dynamic require of") ? REQUIRE : "";
  return first + text.replaceAll(...COMMAND)
    // What is bundled goes on under Node 20, whatever versions to come do.
    .replace(/console\.warn\("[^"]*Node\.js 20 and below[^"]*"\)/, "0");
}

function describePackage() {
  const version = denoJson.imports[OUTSIDE].split("@").at(-1)!;
  return {
    name: "prompt-pipeline",
    version: denoJson.version,
    description:
      "Prompts from conversation archives, answered by a model and graded, in a Supabase project",
    keywords: ["supabase", "postgres", "llm", "evaluation", "prompts"],
    license: "MIT",
    type: "module",
    engines: { node: ">=20" },
    bin: { "prompt-pipeline": "dist/cli.js" },
    main: "./dist/tool.js",
    types: "./dist/tool.d.ts",
    exports: {
      ".": { types: "./dist/tool.d.ts", default: "./dist/tool.js" },
      "./package.json": "./package.json",
    },
    dependencies: { [OUTSIDE]: version },
  };
}
