import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { supabaseFolder } from "../local/checkout.ts";
import { toFunctionName } from "../../supabase/functions/_shared/operations/openapi.ts";
import { OPERATION_NAMES } from "../../supabase/functions/_shared/operations/operations.ts";
import { markFile } from "./marked_file.ts";
import type { FunctionFolder } from "./parts.ts";

/** The SDK of the Model Context Protocol: its source, and its bundle beside that of the function. */
const SDK = { source: "protocol_sdk.ts", file: "protocol_sdk.js" };

/**
 * Makes the functions self-contained: one file of JavaScript with all that they import, so that nothing
 * of a project's own `_shared`, deno.json or lock file can meet it. What tells its errands by the path
 * or by the wake serves several functions.
 */
export async function bundleFunctions(
  version: string,
): Promise<FunctionFolder[]> {
  return [
    {
      name: "pipeline-worker",
      alsoServes: ["pipeline-evaluator"],
      mayServe: [],
      files: await bundledFiles("pipeline-worker", version),
    },
    {
      name: "prompt-pipeline",
      alsoServes: [],
      mayServe: OPERATION_NAMES.map(toFunctionName),
      files: {
        ...await bundledFiles("prompt-pipeline", version),
        ...await bundledSdk(version),
      },
    },
  ];
}

async function bundledFiles(
  name: string,
  version: string,
): Promise<Record<string, string>> {
  const mark = createMark(version);
  const code = await bundle(
    join(name, "index.ts"),
    "--platform=deno",
    `--external=*/${SDK.source}`,
  );
  return {
    "index.ts": mark(
      "index.ts",
      `// @ts-types="./types.d.ts"\nexport { default } from "./${name}.js";\n`,
    ),
    // Without it TypeScript would read all of the bundle to find this out.
    "types.d.ts": mark(
      "types.d.ts",
      "declare const entry: { fetch(request: Request): Promise<Response> };\nexport default entry;\n",
    ),
    [`${name}.js`]: mark(
      `${name}.js`,
      toGenerated(code.replace(SDK.source, SDK.file)),
    ),
    // One of its own, or else that of the folder above would be taken.
    "deno.json": `{\n  "imports": {}\n}\n`,
  };
}

/**
 * What only agents need, loaded when one of them asks. For browsers, because the SDK brings a smaller
 * check of JSON Schema along for those.
 */
async function bundledSdk(version: string): Promise<Record<string, string>> {
  const code = await bundle(
    `_shared/mcp/${SDK.source}`,
    "--platform=browser",
  );
  return { [SDK.file]: createMark(version)(SDK.file, toGenerated(code)) };
}

function createMark(version: string) {
  return (file: string, text: string) =>
    markFile(file, { version, kind: "function", text });
}

function toGenerated(code: string): string {
  return `/* eslint-disable */ // deno-lint-ignore-file
// deno-fmt-ignore-file @ts-nocheck @generated @noprettier
${code}`;
}

/** @throws Error with what the bundler says */
async function bundle(entry: string, ...flags: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(Deno.execPath(), [
    "bundle",
    "--quiet",
    "--minify",
    ...flags,
    join(supabaseFolder, "functions", entry),
  ], { maxBuffer: 100_000_000 });
  return stdout;
}
