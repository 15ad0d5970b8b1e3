import { rm } from "node:fs/promises";
import { pathToFileURL } from "node:url";

const OPENERS: Partial<Record<typeof Deno.build.os, string[]>> = {
  darwin: ["open"],
  windows: ["cmd", "/c", "start", ""],
  linux: ["xdg-open"],
};

/** An address that was opened. */
export interface OpenedAddress {
  /** Takes the file away that led to it. */
  close(): Promise<void>;
}

/**
 * Opens an address in the browser; where there is none nothing happens, for it is printed as well.
 *
 * The address holds a token, and arguments of programs are seen by every user of a machine: the browser
 * gets a file that only this user can read and that leads to the address (jupyter/notebook#4260).
 */
export async function openAddress(
  address: string,
  open: (url: string) => Promise<void> = openInBrowser,
): Promise<OpenedAddress> {
  const name = { prefix: "prompt-pipeline-", suffix: ".html" };
  // Browsers of Ubuntu see neither /tmp nor hidden folders (jupyter/notebook#5479).
  const dir = Deno.build.os === "linux" ? Deno.env.get("HOME") : undefined;
  const file = await Deno.makeTempFile({ ...name, dir })
    // In a container the home may be none that can be written.
    .catch(() => Deno.makeTempFile(name));
  const close = () => rm(file, { force: true });
  try {
    await Deno.writeTextFile(file, toPage(address), { mode: 0o600 });
    await open(pathToFileURL(file).href);
  } catch (error) {
    await close();
    throw error;
  }
  return { close };
}

function toPage(address: string): string {
  const url = address.replaceAll("&", "&amp;").replaceAll('"', "&quot;");
  return `<!doctype html>
<meta charset="utf-8">
<meta http-equiv="refresh" content="0; url=${url}">
<title>prompt-pipeline</title>
<a href="${url}">Dashboard</a>
`;
}

async function openInBrowser(url: string): Promise<void> {
  const [program, ...args] = OPENERS[Deno.build.os] ?? ["xdg-open"];
  try {
    await new Deno.Command(program, {
      args: [...args, url],
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).output();
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
