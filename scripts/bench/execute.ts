import { startStack } from "../local/stack.ts";
import type { Measurement } from "./measurement.ts";
import { type ProcessUsage, usageOf } from "./process_usage.ts";
import { startSimulatorProcess } from "./simulator_process.ts";

/** What the pipeline is given to do. */
export interface Load {
  prompts: number;
  inFlight: number;
  workers: number;
}

const LOADS: (Load & { latencyMs: number; goal: string })[] = [
  {
    prompts: 2_000,
    latencyMs: 200,
    inFlight: 100,
    workers: 4,
    goal: "0.95 of the bare loop",
  },
  {
    prompts: 10_000,
    latencyMs: 100,
    inFlight: 500,
    workers: 4,
    goal: "0.5 of the bare loop",
  },
];

/**
 * Prompts per second from the insert of the run row to the last stored row. The limit is a plain
 * fetch loop with the same number in flight that stores nothing; the ideal is N × L / C.
 */
export async function* measureExecute(): AsyncIterable<Measurement> {
  for (const load of LOADS) {
    const { prompts, latencyMs, inFlight } = load;
    const name = `execute: ${
      prompts.toLocaleString("en")
    } prompts, ${latencyMs} ms, ${inFlight} in flight`;
    const simulator = await startSimulatorProcess([
      "--latency",
      String(latencyMs),
    ]);
    const url = `${simulator.url}/v1/chat/completions`;
    try {
      const limit = await runBareLoop(url, load);
      const result = await runPipeline(url, load);
      yield {
        name,
        value: result.rate,
        unit: "prompts/s",
        limit,
        ratio: result.rate / limit,
        goal: load.goal,
      };
      const ideal = 1000 * inFlight / latencyMs;
      yield {
        name: `${name}, against the ideal`,
        value: result.rate,
        unit: "prompts/s",
        limit: ideal,
        ratio: result.rate / ideal,
      };
      yield { name: `${name}, p50 of a call`, value: result.p50, unit: "ms" };
      yield { name: `${name}, p95 of a call`, value: result.p95, unit: "ms" };
      if (result.worker) {
        yield {
          name: `${name}, processor time of the worker per prompt`,
          value: result.worker.cpuMs / prompts,
          unit: "ms",
          goal: "at most 1 ms",
        };
        yield {
          name: `${name}, memory of the worker`,
          value: result.worker.peakMemoryMb,
          unit: "MB",
        };
      }
    } finally {
      await simulator.stop();
    }
  }
}

async function runBareLoop(url: string, load: Load): Promise<number> {
  let next = 0;
  const startedAt = performance.now();
  await Promise.all(Array.from({ length: load.inFlight }, async () => {
    while (next < load.prompts) {
      const response = await fetch(url, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({
          model: "m",
          messages: [{ role: "user", content: `prompt ${next++}` }],
        }),
      });
      await response.json();
    }
  }));
  return load.prompts / (performance.now() - startedAt) * 1000;
}

/** Runs a load on a stack of its own; prompts a second from the insert of the run to its end. */
export async function runPipeline(url: string, load: Load): Promise<{
  rate: number;
  p50: number;
  p95: number;
  worker: ProcessUsage | null;
}> {
  const stack = await startStack({ port: 0 });
  try {
    const { sql } = stack;
    await sql`
      insert into model_endpoints (name, url, model, format, max_concurrency)
      values ('bench', ${url}, 'm', 'openai-chat', ${load.inFlight})
    `;
    await warmUp(stack);
    const idle = await usageOfWorker();
    const prompts = Array.from(
      { length: load.prompts },
      (_, n) => `prompt ${n}`,
    );
    const startedAt = performance.now();
    const [{ id }] = await sql`
      insert into pipeline_runs (source, endpoint, max_workers)
      values (${
      sql.json({ type: "prompts", prompts })
    }, 'bench', ${load.workers})
      returning id
    `;
    await untilFinished(stack, id);
    const seconds = (performance.now() - startedAt) / 1000;
    const used = await usageOfWorker();
    const [progress] = await sql`
      select succeeded, p50_ms, p95_ms from pipeline_run_progress where id = ${id}
    `;
    if (progress.succeeded !== load.prompts) {
      throw new Error(`Only ${progress.succeeded} prompts succeeded`);
    }
    return {
      rate: load.prompts / seconds,
      p50: progress.p50_ms,
      p95: progress.p95_ms,
      worker: used && idle && {
        cpuMs: used.cpuMs - idle.cpuMs,
        peakMemoryMb: used.peakMemoryMb,
      },
    };
  } finally {
    await stack.stop();
  }
}

function usageOfWorker(): Promise<ProcessUsage | null> {
  return usageOf(["function_process.ts", "pipeline-worker"]);
}

type StackWithSql = Pick<Awaited<ReturnType<typeof startStack>>, "sql">;

/** A first run loads code and opens connections. */
async function warmUp(stack: StackWithSql): Promise<void> {
  const [{ id }] = await stack.sql`
    insert into pipeline_runs (source, endpoint)
    values ('{"type": "prompts", "prompts": ["a", "b", "c"]}', 'bench')
    returning id
  `;
  await untilFinished(stack, id);
}

async function untilFinished({ sql }: StackWithSql, id: number) {
  for (;;) {
    const [{ finished }] = await sql`
      select finished_at is not null as finished from pipeline_runs where id = ${id}
    `;
    if (finished) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
