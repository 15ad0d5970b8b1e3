import type { Browser } from "playwright-core";
import { serveDashboard } from "../dashboard/serve.ts";
import type { Stack } from "../local/stack.ts";
import { withPipeline } from "./execute.ts";
import { type Measurement, quantile } from "./measurement.ts";
import { startSimulatorProcess } from "./simulator_process.ts";

const TABS = 3;
const ROUNDS = 3;
const LOAD = { prompts: 2_000, inFlight: 100, workers: 4 };

/**
 * How fast a run is beside open tabs, against how fast it is without them: rounds alternate, each is
 * taken by its median. The browser shares the processors with all else.
 */
export async function measureBesideRun(
  browser: Browser,
): Promise<Measurement> {
  const simulator = await startSimulatorProcess(["--latency", "200"]);
  try {
    return await withPipeline(
      `${simulator.url}/v1/chat/completions`,
      LOAD,
      async (runPipeline, stack) => {
        const alone: number[] = [];
        const beside: number[] = [];
        while (beside.length < ROUNDS) {
          alone.push((await runPipeline()).rate);
          await using _tabs = await openTabs(browser, stack);
          beside.push((await runPipeline()).rate);
        }
        const value = quantile(beside, 0.5);
        const limit = quantile(alone, 0.5);
        return {
          name: `view: a run beside ${TABS} tabs, against one without`,
          value,
          unit: "prompts/s",
          limit,
          ratio: value / limit,
          goal: "0.99 of it",
        };
      },
    );
  } finally {
    await simulator.stop();
  }
}

/** Tabs that show all runs, so that they follow those that begin. */
async function openTabs(
  browser: Browser,
  stack: Stack,
): Promise<AsyncDisposable> {
  const dashboard = await serveDashboard(stack, { port: 0 });
  const context = await browser.newContext();
  for (let tab = 0; tab < TABS; tab++) {
    const page = await context.newPage();
    await page.goto(dashboard.url);
    await page.getByRole("row", { name: /completed/ }).first().waitFor();
  }
  return {
    async [Symbol.asyncDispose]() {
      await context.close();
      await dashboard.stop();
    },
  };
}
