import { assert, assertEquals } from "@std/assert";
import axe from "axe-core";
import type { Browser, Page } from "playwright-core";
import { serveDashboard } from "../../../scripts/dashboard/serve.ts";
import { browserTest } from "../../../scripts/test/browser.ts";
import type { StackOptions } from "../../../scripts/local/stack.ts";
import { type Project, withProject } from "./project.ts";

/** The dashboard of a project in a browser. */
export interface DashboardPage {
  page: Page;
  project: Project;
  /** Opens a place such as `runs/7/answers?show=failed` and waits until nothing is loading. */
  open(place: string): Promise<void>;
  /**
   * Takes a picture of the page for docs/images when WRITE_PICTURES is set: pictures are made by tests
   * and never by hand.
   */
  takePicture(name: string): Promise<void>;
  /**
   * Fails when axe finds something in light or dark, or the page is wider than a phone. The folder WRITE_SCREENS, when set, gets a picture of
   * the place in both, of a desk's and a phone's width, for the eye.
   */
  expectAccessible(): Promise<void>;
  /** What the page has complained of so far, to be taken out where a test makes it complain. */
  complaints: string[];
}

/**
 * Registers a test in a browser. It fails when the page asks another origin than its own, opens a
 * dialog, or complains in its console, which is where violations of the policy are told.
 */
export function dashboardTest(
  name: string,
  test: (dashboard: DashboardPage) => Promise<void>,
  stack?: StackOptions,
): void {
  browserTest(name, (browser) =>
    withProject(async (project) => {
      const dashboard = await serveDashboard(project, { port: 0 });
      try {
        await visit(browser, dashboard.url, project, test);
      } finally {
        await dashboard.stop();
      }
    }, stack));
}

async function visit(
  browser: Browser,
  url: string,
  project: Project,
  test: (dashboard: DashboardPage) => Promise<void>,
): Promise<void> {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 800 },
  });
  const page = await context.newPage();
  const { origin } = new URL(url);
  const complaints = watchPage(page, [origin]);
  await page.goto(url);
  await test({
    page,
    project,
    async open(place) {
      await page.goto(`${origin}/#/${place}`);
      await page.getByRole("heading", { level: 1 }).waitFor();
      await page.locator("[aria-busy=true]").first().waitFor({
        state: "detached",
      });
    },
    async takePicture(name) {
      if (!Deno.env.get("WRITE_PICTURES")) return;
      await page.emulateMedia({ colorScheme: "light" });
      await page.screenshot({ path: `docs/images/${name}.png` });
    },
    expectAccessible: () => expectAccessible(page),
    complaints,
  });
  assertEquals(complaints, []);
}

/**
 * All that a page must not do, as it does it: ask another origin than these, open a dialog, complain in
 * its console, which is where violations of the policy are told.
 */
export function watchPage(page: Page, origins: string[]): string[] {
  const complaints: string[] = [];
  page.on("request", (request) => {
    const asked = new URL(request.url());
    // Every file is an origin of its own.
    const origin = asked.protocol === "file:" ? "file:" : asked.origin;
    if (!origins.includes(origin) && !/^(data|blob):$/.test(asked.protocol)) {
      complaints.push(`asked ${request.url()}`);
    }
  });
  page.on("dialog", (dialog) => {
    complaints.push(`dialog: ${dialog.message()}`);
    dialog.dismiss();
  });
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(message.text());
  });
  return complaints;
}

async function expectAccessible(page: Page): Promise<void> {
  const size = page.viewportSize()!;
  await page.setViewportSize({ ...size, width: 390 });
  const width = await page.evaluate(() =>
    // deno-lint-ignore no-explicit-any
    (globalThis as any).document.documentElement.scrollWidth
  );
  assert(width <= 390, `${width} px wide on a phone: ${page.url()}`);
  await page.setViewportSize(size);
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    // It stays there as long as only the place behind the # changes.
    if (!await page.evaluate(() => "axe" in globalThis)) {
      await page.evaluate(axe.source);
    }
    // Only colours differ in the dark.
    const rules = colorScheme === "dark"
      ? ["color-contrast", "link-in-text-block"]
      : undefined;
    const violations = await page.evaluate(async (rules) => {
      // deno-lint-ignore no-explicit-any
      const { violations } = await (globalThis as any).axe.run(
        rules ? { runOnly: rules } : {},
      );
      // deno-lint-ignore no-explicit-any
      return violations.map(({ id, nodes }: any) => [id, nodes[0].html]);
    }, rules);
    assertEquals(violations, [], `${colorScheme}: ${page.url()}`);
    const folder = Deno.env.get("WRITE_SCREENS");
    if (folder) await writeScreens(page, `${folder}/${colorScheme}`);
  }
}

async function writeScreens(page: Page, folder: string): Promise<void> {
  const before = page.viewportSize()!;
  // Names of files are short.
  const place = new URL(page.url()).hash.replaceAll(/\W+/g, "_").slice(0, 150);
  for (const width of [390, 1280]) {
    await page.setViewportSize({ width, height: before.height });
    await page.screenshot({
      path: `${folder}/${place}_${width}.png`,
      fullPage: true,
    });
  }
  await page.setViewportSize(before);
}
