import type { Browser, Page } from "playwright-core";
import { bundlePage } from "../dashboard/bundle.ts";
import type { Stack } from "../local/stack.ts";
import { launchBrowser } from "../test/browser.ts";
import type { Measurement } from "./measurement.ts";
import { measureBesideRun } from "./view_beside_run.ts";
import { measureTabs } from "./view_in_tabs.ts";

/** Pages that somebody scrolls through. */
const PAGES = 1_000;
/** Answers of 20 KB each. */
const LONG_ANSWERS = 100;

/** What somebody sees of a million answers; nothing where there is no browser. */
export async function* measureInBrowser(
  stack: Stack,
): AsyncIterable<Measurement> {
  const browser = await launchBrowser();
  if (!browser) {
    console.error(
      "view: no browser, its part is skipped (apt-get install chromium)",
    );
    return;
  }
  try {
    const run = await storeLongAnswers(stack);
    const begun = performance.now();
    await using view = await startView(stack);
    yield {
      name: "view: from the command to its address",
      value: performance.now() - begun,
      unit: "ms",
      goal: "below 1500 ms",
    };
    yield await measureScript(stack.url);
    yield* measurePage(browser, view.address, run);
    yield* measureTabs(browser, stack);
    yield await measureBesideRun(browser);
  } finally {
    await browser.close();
  }
}

/** Starts the command and waits for its address. */
async function startView({ url, secretKey }: Stack) {
  const process = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "scripts/pipeline.ts", "view", "--no-open"],
    env: { SUPABASE_URL: url, SUPABASE_SECRET_KEY: secretKey },
    stdout: "piped",
    stderr: "null",
  }).spawn();
  let address = "";
  for await (
    const text of process.stdout.pipeThrough(new TextDecoderStream())
  ) {
    address += text;
    if (address.includes("\n")) break;
  }
  if (!address.includes("\n")) throw new Error("view ended before it listened");
  return {
    address: address.trim(),
    async [Symbol.asyncDispose]() {
      process.kill("SIGINT");
      await process.status;
    },
  };
}

async function measureScript(projectUrl: string): Promise<Measurement> {
  const files = await bundlePage({
    kind: "local",
    projectUrl,
    readOnly: false,
  });
  const packed = new Response(files["dashboard.js"].text).body!
    .pipeThrough(new CompressionStream("gzip"));
  const { byteLength } = await new Response(packed).arrayBuffer();
  return {
    name: "view: script, gzip",
    value: byteLength / 1_000,
    unit: "KB",
    goal: "below 90 KB",
  };
}

async function* measurePage(
  browser: Browser,
  address: string,
  run: number,
): AsyncIterable<Measurement> {
  const page = await browser.newPage({
    viewport: { width: 1280, height: 800 },
  });
  yield {
    name: "view: from the address to the list of runs",
    value: await measureFirstList(page, address),
    unit: "ms",
    goal: "below 500 ms",
  };
  yield {
    name:
      "view: slowest of j, Enter, d, n on 20 KB answers, processor 4 × slowed",
    value: await measureKeys(page, run),
    unit: "ms",
    goal: "below 100 ms",
  };
  const { elements, heapMb } = await scrollThrough(page);
  yield {
    name: `view: elements of the page, after ${
      PAGES.toLocaleString("en")
    } pages`,
    value: elements,
    unit: "elements",
    goal: "below 3000",
  };
  yield {
    name: `view: heap, after ${PAGES.toLocaleString("en")} pages`,
    value: heapMb,
    unit: "MB",
    goal: "below 100 MB",
  };
  await page.close();
}

/**
 * By the clock of the page, from the beginning of its navigation: Playwright looks for a row at growing
 * intervals, at last every 500 ms (playwright-core 1.65.1, retryWithProgressAndBackoff).
 */
async function measureFirstList(page: Page, address: string): Promise<number> {
  await page.addInitScript(() => {
    const { document, MutationObserver, requestAnimationFrame } =
      // deno-lint-ignore no-explicit-any
      globalThis as any;
    Object.assign(globalThis, {
      listPainted: new Promise<number>((resolve) => {
        const observer = new MutationObserver(() => {
          if (!document.querySelector("tbody tr")) return;
          observer.disconnect();
          requestAnimationFrame(() =>
            setTimeout(() => resolve(performance.now()))
          );
        });
        observer.observe(document, { childList: true, subtree: true });
      }),
    });
  });
  await page.goto(address);
  // deno-lint-ignore no-explicit-any
  return await page.evaluate(() => (globalThis as any).listPainted);
}

/** The longest time from a key to what it paints (https://www.w3.org/TR/event-timing/). */
async function measureKeys(page: Page, run: number): Promise<number> {
  const session = await page.context().newCDPSession(page);
  await session.send("Emulation.setCPUThrottlingRate", { rate: 4 });
  await goTo(page, `#/runs/${run}/answers`);
  await page.getByRole("table", { name: "Answers" }).locator("tbody tr").nth(5)
    .waitFor();
  const paints = await page.evaluateHandle(() => {
    const paints: number[] = [];
    new PerformanceObserver((list) => {
      for (const { name, duration } of list.getEntries()) {
        if (name === "keydown") paints.push(duration);
      }
    }).observe({ type: "event", durationThreshold: 16 } as never);
    return paints;
  });
  for (const key of ["j", "j", "Enter", "d", "n", "n", "d", "n", "d"]) {
    await page.keyboard.press(key);
    await page.waitForTimeout(700);
  }
  const slowest = await paints.evaluate((paints) => Math.max(16, ...paints));
  await session.send("Emulation.setCPUThrottlingRate", { rate: 1 });
  return slowest;
}

async function scrollThrough(
  page: Page,
): Promise<{ elements: number; heapMb: number }> {
  await goTo(page, "#/runs/1/answers");
  await page.getByText("prompt 1").first().waitFor();
  await page.evaluate(async (pages: number) => {
    // deno-lint-ignore no-explicit-any
    const { document, MutationObserver } = globalThis as any;
    const box = document.querySelector(".scroll[aria-label=Answers]");
    for (let page = 0; page < pages; page++) {
      const changed = new Promise<void>((resolve) => {
        const observer = new MutationObserver(() => {
          observer.disconnect();
          resolve();
        });
        observer.observe(box.querySelector("tbody"), { childList: true });
      });
      box.scrollTop = box.scrollHeight;
      await changed;
    }
  }, PAGES);
  const session = await page.context().newCDPSession(page);
  await session.send("HeapProfiler.collectGarbage");
  const { usedSize } = await session.send("Runtime.getHeapUsage");
  return {
    elements: await page.locator("*").count(),
    heapMb: usedSize / 1e6,
  };
}

async function goTo(page: Page, place: string): Promise<void> {
  const { origin } = new URL(page.url());
  await page.goto(`${origin}/${place}`);
}

/** @returns the run that has them */
async function storeLongAnswers({ sql }: Stack): Promise<number> {
  const [{ id }] = await sql`
    insert into pipeline_runs (experiment_name, source, endpoint)
    values ('long', '{"type": "prompts", "prompts": ["a"]}', 'bench') returning id
  `;
  await sql`
    insert into prompt_evaluations (run_id, prompt_key, prompt, response, reference, success, experiment_name)
    select
      ${id}, md5('long ' || n), 'long prompt ' || n,
      (select string_agg('word' || (w * n) % 977, ' ') from generate_series(1, 2800) as w),
      (select string_agg('word' || case when w % 20 = 0 then w else (w * n) % 977 end, ' ')
       from generate_series(1, 2800) as w),
      true, 'long'
    from generate_series(1, ${LONG_ANSWERS}::integer) as n
  `;
  return Number(id);
}
