import { delay } from "@std/async/delay";
import { join } from "node:path";
import { type Load, withPipeline } from "./execute.ts";
import {
  findPromptfoo,
  type Promptfoo,
  quietPromptfoo,
} from "./find_promptfoo.ts";
import type { Measurement } from "./measurement.ts";
import { usageOf } from "./process_usage.ts";
import { startSimulatorProcess } from "./simulator_process.ts";

const LATENCY_MS = 200;
const LOAD: Load = { prompts: 2_000, inFlight: 100, workers: 4 };

/** Milliseconds between two looks at promptfoo and the model. */
const LOOK_EVERY = 50;

/**
 * The same prompts to the same simulated model, by promptfoo and by the pipeline, one
 * after the other. The limit is what promptfoo reached; without promptfoo a line on
 * standard error says that there is nothing to compare with.
 */
export async function* measurePromptfoo(): AsyncIterable<Measurement> {
  const promptfoo = await findPromptfoo();
  if (!promptfoo) {
    console.error(
      "promptfoo: skipped, it is not installed. To compare: npm install -g promptfoo, or PROMPTFOO=<its executable> deno task bench promptfoo",
    );
    return;
  }
  const name = `promptfoo ${promptfoo.version}: ${
    LOAD.prompts.toLocaleString("en")
  } prompts, ${LATENCY_MS} ms, ${LOAD.inFlight} in flight`;
  const simulator = await startSimulatorProcess([
    "--latency",
    String(LATENCY_MS),
  ]);
  try {
    const theirs = await runPromptfoo(promptfoo, simulator.url);
    const ours = await withPipeline(
      `${simulator.url}/v1/chat/completions`,
      LOAD,
      (runPipeline) => runPipeline(),
    );
    yield {
      name: `${name}, first call to last answer`,
      value: ours.rate,
      unit: "prompts/s",
      limit: theirs.rate,
      ratio: ours.rate / theirs.rate,
      printedOnly: true,
    };
    yield {
      name: `${name}, the whole command`,
      value: ours.rate,
      unit: "prompts/s",
      limit: theirs.rateOfCommand,
      ratio: ours.rate / theirs.rateOfCommand,
      printedOnly: true,
    };
    if (ours.worker && theirs.peakMemoryMb !== null) {
      yield {
        name: `${name}, memory of what calls`,
        value: ours.worker.peakMemoryMb,
        unit: "MB",
        limit: theirs.peakMemoryMb,
        ratio: ours.worker.peakMemoryMb / theirs.peakMemoryMb,
        printedOnly: true,
      };
    }
  } finally {
    await simulator.stop();
  }
}

interface PromptfooFigures {
  /** Without its start and what it does after the last answer. */
  rate: number;
  rateOfCommand: number;
  peakMemoryMb: number | null;
}

async function runPromptfoo(
  { executable }: Promptfoo,
  modelUrl: string,
): Promise<PromptfooFigures> {
  const folder = await Deno.makeTempDir();
  try {
    const config = join(folder, "promptfooconfig.json");
    await Deno.writeTextFile(config, writeConfig(modelUrl));
    const startedAt = performance.now();
    const process = new Deno.Command(executable, {
      args: [
        ...["eval", "-c", config, "-j", String(LOAD.inFlight)],
        ...["--no-cache", "--no-write", "--no-table", "--no-progress-bar"],
      ],
      cwd: folder,
      env: { ...quietPromptfoo, PROMPTFOO_CONFIG_DIR: folder },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const output = process.output();
    const watched = await watchCalls(modelUrl, config, process.status);
    const endedAt = performance.now();
    const { success, stdout, stderr } = await output;
    if (!success || watched.calls < LOAD.prompts) {
      const said = [stdout, stderr].map((bytes) =>
        new TextDecoder().decode(bytes).slice(-1_000)
      ).join("\n");
      throw new Error(
        `promptfoo made ${watched.calls} calls of ${LOAD.prompts}: ${said}`,
      );
    }
    return {
      rate: LOAD.prompts / watched.callingMs * 1000,
      rateOfCommand: LOAD.prompts / (endedAt - startedAt) * 1000,
      peakMemoryMb: watched.peakMemoryMb,
    };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Looks at the model and at promptfoo's processes until they have ended. */
async function watchCalls(
  modelUrl: string,
  config: string,
  status: Promise<unknown>,
): Promise<{ calls: number; callingMs: number; peakMemoryMb: number | null }> {
  let ended = false;
  status.then(() => ended = true);
  let calls = 0;
  let firstAt = Infinity;
  let lastAt = Infinity;
  let peakMemoryMb: number | null = null;
  while (!ended) {
    const usage = await usageOf([config]);
    if (usage) {
      peakMemoryMb = Math.max(peakMemoryMb ?? 0, usage.peakMemoryMb);
    }
    const seen = await (await fetch(`${modelUrl}/simulator`)).json();
    calls = seen.count;
    const now = performance.now();
    if (calls > 0) firstAt = Math.min(firstAt, now);
    if (calls >= LOAD.prompts && seen.inFlight === 0) {
      lastAt = Math.min(lastAt, now);
    }
    await delay(LOOK_EVERY);
  }
  return { calls, callingMs: lastAt - firstAt, peakMemoryMb };
}

function writeConfig(modelUrl: string): string {
  return JSON.stringify({
    prompts: ["{{prompt}}"],
    providers: [{
      id: "openai:chat:m",
      config: { apiBaseUrl: `${modelUrl}/v1`, apiKey: "none" },
    }],
    tests: Array.from(
      { length: LOAD.prompts },
      (_, n) => ({ vars: { prompt: `prompt ${n}` } }),
    ),
  });
}
