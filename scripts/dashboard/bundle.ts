import { fileURLToPath } from "node:url";
import { besidePage, type Home, writePage } from "./browser/data/page_text.ts";
import { readyMade } from "../ready_made.ts";

const browserFolder = new URL("./browser/", import.meta.url);

/** The files of the page by their name. */
export type Files = Record<string, { type: string; text: string }>;

/** Once in a process: it takes two seconds of processor time. */
let browserCode: Promise<{ script: string; style: string }> | undefined;

/** @throws Error with what the bundler says */
export async function bundlePage(home: Home): Promise<Files> {
  const { script, style } =
    await (browserCode ??= readyMade("dashboard", bundleBrowserCode));
  const page = writePage({
    home,
    sources: besidePage(
      home.kind === "hosted" ? new URL(home.projectUrl).origin : undefined,
    ),
    head: `<link rel="stylesheet" href="dashboard.css">
<script type="module" src="dashboard.js"></script>`,
  });
  return {
    "index.html": { type: "text/html; charset=utf-8", text: page },
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
    bundle("main.tsx"),
    bundle("dashboard.css"),
  ]);
  return { script, style };
}

async function bundle(entry: string): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "bundle",
      "--quiet",
      "--platform=browser",
      "--minify",
      fileURLToPath(new URL(entry, browserFolder)),
    ],
    stdout: "piped",
    stderr: "piped",
  }).output();
  const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  if (success) return decode(stdout);
  throw new Error(`Cannot bundle the dashboard: ${decode(stderr).trim()}`);
}
