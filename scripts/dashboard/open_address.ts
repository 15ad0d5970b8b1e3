import { spawn } from "node:child_process";
import { rm, writeFile } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";

const OPENERS: Partial<Record<NodeJS.Platform, string[]>> = {
  darwin: ["open"],
  win32: ["cmd", "/c", "start", ""],
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
  const page = toPage(address);
  // Browsers of Ubuntu see neither /tmp nor hidden folders (jupyter/notebook#5479).
  const folder = process.platform === "linux" ? homedir() : tmpdir();
  const file = await writeNew(folder, page)
    // In a container the home may be none that can be written.
    .catch(() => writeNew(tmpdir(), page));
  const close = () => rm(file, { force: true });
  try {
    await open(pathToFileURL(file).href);
  } catch (error) {
    await close();
    throw error;
  }
  return { close };
}

async function writeNew(folder: string, page: string): Promise<string> {
  const file = join(folder, `prompt-pipeline-${crypto.randomUUID()}.html`);
  await writeFile(file, page, { mode: 0o600, flag: "wx" });
  return file;
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

function openInBrowser(url: string): Promise<void> {
  const [program, ...args] = OPENERS[process.platform] ?? ["xdg-open"];
  return new Promise((resolve, reject) => {
    spawn(program, [...args, url], { stdio: "ignore" })
      .on(
        "error",
        (error: NodeJS.ErrnoException) =>
          error.code === "ENOENT" ? resolve() : reject(error),
      )
      .on("exit", () => resolve());
  });
}
