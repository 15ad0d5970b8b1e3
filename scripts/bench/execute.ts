import { type Stack, startStack } from "../local/stack.ts";
import type { Measurement } from "./measurement.ts";
import { type ProcessUsage, usageOf } from "./process_usage.ts";
import { startSimulatorProcess } from "./simulator_process.ts";
import { until } from "./until.ts";

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
  // Several workers take over from one another.
  {
    prompts: 10_000,
    latencyMs: 200,
    inFlight: 100,
    workers: 4,
    goal: "0.92 of the bare loop",
  },
  {
    prompts: 10_000,
    latencyMs: 100,
    inFlight: 500,
    workers: 4,
    goal: "0.5 of the bare loop",
  },
];

const ROUNDS = 3;

/** What one run of a load came to. */
export interface PipelineFigures {
  /** Prompts a second, from the insert of the run to its end. */
  rate: number;
  p50: number;
  p95: number;
  worker: ProcessUsage | null;
}

interface Round extends PipelineFigures {
  /** Prompts a second of the bare loop, right before. */
  limit: number;
}

/**
 * Prompts per second from the insert of the run row to the last stored row. The limit is a plain
 * fetch loop with the same number in flight that stores nothing; the ideal is N × L / C. Three
 * rounds in one project, each after a bare loop of its own; shown is the one with the median ratio.
 */
export async function* measureExecute(): AsyncIterable<Measurement> {
  for (const load of LOADS) {
    const { prompts, latencyMs, inFlight } = load;
    const name = `execute: ${
      prompts.toLocaleString("en")
    } prompts, ${latencyMs} ms, ${inFlight} in flight`;
    const { rate, limit, p50, p95, worker } = await measureLoad(
      load,
      latencyMs,
    );
    yield {
      name,
      value: rate,
      unit: "prompts/s",
      limit,
      ratio: rate / limit,
      goal: load.goal,
    };
    const ideal = 1000 * inFlight / latencyMs;
    yield {
      name: `${name}, against the ideal`,
      value: rate,
      unit: "prompts/s",
      limit: ideal,
      ratio: rate / ideal,
    };
    yield { name: `${name}, p50 of a call`, value: p50, unit: "ms" };
    yield { name: `${name}, p95 of a call`, value: p95, unit: "ms" };
    if (!worker) continue;
    yield {
      name: `${name}, processor time of the worker per prompt`,
      value: worker.cpuMs / prompts,
      unit: "ms",
      goal: "at most 1 ms",
    };
    yield {
      name: `${name}, memory of the worker`,
      value: worker.peakMemoryMb,
      unit: "MB",
    };
  }
}

async function measureLoad(
  load: Load,
  latencyMs: number,
): Promise<Round> {
  const simulator = await startSimulatorProcess([
    "--latency",
    String(latencyMs),
  ]);
  const url = `${simulator.url}/v1/chat/completions`;
  try {
    const rounds = await withPipeline(url, load, async (runPipeline) => {
      const rounds: Round[] = [];
      while (rounds.length < ROUNDS) {
        const limit = await runBareLoop(url, load);
        rounds.push({ limit, ...await runPipeline() });
      }
      return rounds;
    });
    rounds.sort((a, b) => a.rate / a.limit - b.rate / b.limit);
    return rounds[Math.floor(ROUNDS / 2)];
  } finally {
    await simulator.stop();
  }
}

/** Calls a second of a plain fetch loop that stores nothing. */
export async function runBareLoop(
  url: string,
  load: Pick<Load, "prompts" | "inFlight">,
): Promise<number> {
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

/** Gives a warm stack of its own to `measure`, which may run the load there. */
export async function withPipeline<Result>(
  url: string,
  load: Load,
  measure: (
    runPipeline: () => Promise<PipelineFigures>,
    stack: Stack,
  ) => Promise<Result>,
): Promise<Result> {
  const stack = await startStack({ port: 0 });
  try {
    await stack.sql`
      insert into model_endpoints (name, url, model, format, max_concurrency)
      values ('bench', ${url}, 'm', 'openai-chat', ${load.inFlight})
    `;
    await warmUp(stack);
    return await measure(() => runPipeline(stack, load), stack);
  } finally {
    await stack.stop();
  }
}

async function runPipeline(
  stack: StackWithSql,
  load: Load,
): Promise<PipelineFigures> {
  const { sql } = stack;
  const idle = await usageOfWorker();
  const prompts = Array.from({ length: load.prompts }, (_, n) => `prompt ${n}`);
  const startedAt = performance.now();
  const [{ id }] = await sql`
    insert into pipeline_runs (source, endpoint, max_workers)
    values (${sql.json({ type: "prompts", prompts })}, 'bench', ${load.workers})
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
      ...used,
      cpuMs: used.cpuMs - idle.cpuMs,
    },
  };
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

function untilFinished({ sql }: StackWithSql, id: number): Promise<void> {
  return until(async () => {
    const [{ finished }] = await sql`
      select finished_at is not null as finished from pipeline_runs where id = ${id}
    `;
    return finished;
  }, 5);
}
