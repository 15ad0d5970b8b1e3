import { type Browser, chromium } from "playwright-core";

/** The tests of a process have it one after the other, each with pages and cookies of its own. */
let browser: Browser | undefined;

Deno.test.afterAll(() => browser?.close());

const names = ["chromium", "chromium-browser", "google-chrome"];

/** The path of an installed Chromium; undefined: there is none. */
function findChromium(): string | undefined {
  const folders = (Deno.env.get("PATH") ?? "").split(":");
  return names.flatMap((name) => folders.map((folder) => `${folder}/${name}`))
    .find((path) => {
      try {
        return Deno.statSync(path).isFile;
      } catch (error) {
        if (error instanceof Deno.errors.NotFound) return false;
        throw error;
      }
    });
}

/** Starts an installed Chromium; undefined: there is none. */
export async function launchBrowser(): Promise<Browser | undefined> {
  const executablePath = findChromium();
  if (!executablePath) return undefined;
  return await chromium.launch({
    executablePath,
    // The sandbox of its own refuses to run as root, as tests do in a container.
    chromiumSandbox: false,
  });
}

/**
 * Registers a test that needs a browser. Where none is installed it is ignored,
 * and its name says what to install.
 */
export function browserTest(
  name: string,
  fn: (browser: Browser) => Promise<void>,
): void {
  if (!findChromium()) {
    return Deno.test.ignore(
      `${name} (needs: apt-get install chromium)`,
      () => {},
    );
  }
  Deno.test(name, async () => {
    browser ??= await launchBrowser();
    try {
      await fn(browser!);
    } finally {
      await Promise.all(browser!.contexts().map((context) => context.close()));
    }
  });
}
