import { fileURLToPath } from "node:url";
import { readyMade } from "../ready_made.ts";
import { contentSecurityPolicy } from "./guard.ts";

const browserFolder = new URL("./browser/", import.meta.url);

/** What the page is told about where it is. */
export interface Home {
  /**
   * `local`: the server beside the page passes requests on; `hosted`: the project itself is asked;
   * `file`: the page holds the answers.
   */
  kind: "local" | "hosted" | "file";
  /** Origin of the project; of a local home only to be shown. */
  projectUrl: string;
  /** The publishable key; only hosted. */
  key?: string;
  readOnly: boolean;
  /** Where it opens; only of a file. */
  place?: string;
}

/** The files of the page by their name. */
export type Files = Record<string, { type: string; text: string }>;

/** @throws Error with what the bundler says */
export async function bundlePage(home: Home): Promise<Files> {
  const { script, style } = await readyMade("dashboard", bundleBrowserCode);
  return {
    "index.html": { type: "text/html; charset=utf-8", text: writePage(home) },
    "dashboard.js": { type: "text/javascript; charset=utf-8", text: script },
    "dashboard.css": { type: "text/css; charset=utf-8", text: style },
  };
}

/**
 * What is the same wherever the page is. `deno bundle` is used as a command because `Deno.bundle()`
 * ignores its platform (https://github.com/denoland/deno/issues/31524).
 */
export async function bundleBrowserCode(): Promise<
  { script: string; style: string }
> {
  const [script, style] = await Promise.all([
    bundleScript(),
    Deno.readTextFile(new URL("dashboard.css", browserFolder)),
  ]);
  return { script, style };
}

async function bundleScript(): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "bundle",
      "--quiet",
      "--platform=browser",
      "--minify",
      fileURLToPath(new URL("main.tsx", browserFolder)),
    ],
    stdout: "piped",
    stderr: "piped",
  }).output();
  const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  if (success) return decode(stdout);
  throw new Error(`Cannot bundle the dashboard: ${decode(stderr).trim()}`);
}

function writePage(home: Home): string {
  // Nothing in it can end the attribute: it is JSON of addresses and keys, escaped all the same.
  const told = JSON.stringify(home).replaceAll("&", "&amp;")
    .replaceAll("'", "&#39;").replaceAll("<", "&lt;");
  const policy = contentSecurityPolicy(
    home.kind === "hosted" ? new URL(home.projectUrl).origin : undefined,
  );
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="content-security-policy" content="${policy}">
<meta name="dashboard" content='${told}'>
<title>prompt-pipeline</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="dashboard.css">
<script type="module" src="dashboard.js"></script>
<body><div id="app"></div><noscript>The dashboard needs JavaScript.</noscript></body>
</html>
`;
}
