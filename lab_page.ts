import { chromium } from "playwright-core";
import { serveDashboard } from "./scripts/dashboard/serve.ts";
const p = JSON.parse(await Deno.readTextFile("/tmp/lab/project.json"));
const dashboard = await serveDashboard(p, { port: 0 });
const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", chromiumSandbox: false });
const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
page.on("console", (m) => console.log("console:", m.text()));
page.on("pageerror", (e) => console.log("pageerror:", e.message, e.stack));
const { origin } = new URL(dashboard.url);
await page.goto(dashboard.url);
const { default: run } = await import(new URL(Deno.args[0], `file://${Deno.cwd()}/`).href);
try { await run({ page, origin, open: async (place: string) => { await page.goto(`${origin}/#/${place}`); await page.getByRole("heading", { level: 1 }).waitFor(); await page.locator("[aria-busy=true]").first().waitFor({ state: "detached" }); await page.waitForTimeout(150); } }); }
catch (e) { console.log(String(e)); await page.screenshot({ path: "/tmp/lab/failed.png", fullPage: true }); }
await browser.close(); await dashboard.stop();
