import {
  type ModelSimulator,
  startModelSimulator,
} from "../local/model_simulator.ts";
import { type Stack, startStack } from "../local/stack.ts";
import { createRandom } from "../local/model_simulator/latency.ts";

export interface ChaosSettings {
  seed: number;
  /** Prompts of all runs together. */
  prompts: number;
  runs: number;
  /** A kill comes every so many milliseconds on average. */
  killEveryMs: number;
  /** How long kills go on; afterwards the runs are left to finish. */
  killForMs: number;
  log(line: string): void;
}

export interface ChaosReport {
  seed: number;
  prompts: number;
  kills: { what: Victim; atMs: number; toProgressMs: number }[];
  /** What check_pipeline_invariants() found broken at the end; empty when all is well. */
  broken: { run_id: string; broken: string; detail: string }[];
  statuses: string[];
  evaluations: number;
  callsPerPrompt: { mean: number; max: number };
  leasesLeft: number;
  seconds: number;
}

type Victim = "functions" | "rest" | "postgres";
const VICTIMS: Victim[] = ["functions", "rest", "postgres"];

/** One call in ten fails in one of these ways; the 429s come with a Retry-After. */
const FAULT_RATES = {
  "500": 0.02,
  "reset": 0.015,
  "reset-in-body": 0.01,
  "truncated-json": 0.01,
  "html-502": 0.01,
  "empty-body": 0.01,
  "invalid-json": 0.01,
  "slow-body": 0.005,
  "429": 0.01,
};

/**
 * Runs the pipeline while its processes are killed at random, wakes are lost and repeated and the
 * model misbehaves, and reports what held.
 */
export async function runChaos(settings: ChaosSettings): Promise<ChaosReport> {
  const random = createRandom(settings.seed);
  const model = await startModelSimulator({
    latency: { medianMs: 100, p95Ms: 400 },
    seed: settings.seed,
    faultRates: FAULT_RATES,
  });
  const stack = await startStack({
    port: 0,
    functionEnv: { WORKER_SECONDS: "15" },
  });
  try {
    const startedAt = Date.now();
    await startRuns(stack, model, settings);
    const kills = await killAtRandom(stack, settings, random);
    await untilOver(stack);
    return {
      ...await report(stack, model),
      seed: settings.seed,
      prompts: settings.prompts,
      kills,
      seconds: (Date.now() - startedAt) / 1000,
    };
  } finally {
    await stack.stop();
    await model.stop();
  }
}

async function startRuns(
  { sql }: Stack,
  model: ModelSimulator,
  { prompts, runs }: ChaosSettings,
): Promise<void> {
  await sql`
    insert into model_endpoints (name, url, max_concurrency, timeout_seconds)
    values ('chaos', ${`${model.url}/v1/chat/completions`}, 60, 3)
  `;
  for (let run = 0; run < runs; run++) {
    const texts = Array.from(
      { length: Math.floor(prompts / runs) },
      (_, index) => `run ${run} prompt ${index}`,
    );
    await sql`
      insert into pipeline_runs (source, endpoint, max_attempts)
      values (${sql.json({ type: "prompts", prompts: texts })}, 'chaos', 20)
    `;
  }
}

async function killAtRandom(
  stack: Stack,
  { killEveryMs, killForMs, log }: ChaosSettings,
  random: () => number,
): Promise<ChaosReport["kills"]> {
  const kills: ChaosReport["kills"] = [];
  const startedAt = Date.now();
  while (Date.now() - startedAt < killForMs) {
    await wait(killEveryMs * (0.5 + random()));
    stack.setWakes(random() < 0.3 ? "off" : random() < 0.5 ? "triple" : "on");
    const what = VICTIMS[Math.floor(random() * VICTIMS.length)];
    const before = await progress(stack);
    if (before.active === 0) break;
    const atMs = Date.now() - startedAt;
    await stack.kill(what);
    // Wakes that get lost, but not for ever: the sweep's own may not.
    setTimeout(() => stack.setWakes("on"), killEveryMs / 2);
    const toProgressMs = await untilProgress(stack, before.stored);
    kills.push({ what, atMs, toProgressMs });
    log(
      `${
        (atMs / 1000).toFixed(1)
      } s: killed ${what}, progress after ${toProgressMs} ms`,
    );
  }
  return kills;
}

async function progress({ sql }: Stack) {
  for (;;) {
    try {
      const [row] = await sql<[{ stored: number; active: number }]>`
        select
          (select count(*) from prompt_evaluations)::integer as stored,
          (select count(*) from pipeline_runs where finished_at is null)::integer as active
      `;
      return row;
    } catch {
      // Postgres is starting again.
      await wait(20);
    }
  }
}

async function untilProgress(stack: Stack, stored: number): Promise<number> {
  const startedAt = Date.now();
  for (;;) {
    const now = await progress(stack);
    if (now.stored > stored || now.active === 0) return Date.now() - startedAt;
    if (Date.now() - startedAt > 120_000) {
      throw new Error("Nothing was stored for 120 s after a kill");
    }
    await wait(10);
  }
}

async function untilOver(stack: Stack): Promise<void> {
  const startedAt = Date.now();
  while ((await progress(stack)).active > 0) {
    if (Date.now() - startedAt > 300_000) {
      throw new Error("A run is not over 300 s after the last kill");
    }
    await wait(100);
  }
}

async function report({ sql }: Stack, model: ModelSimulator) {
  const broken = await sql<ChaosReport["broken"]>`
    select * from check_pipeline_invariants(now() + interval '3 minutes')
  `;
  const statuses = await sql`select status from pipeline_runs order by id`;
  const [{ evaluations, leases }] = await sql`
    select
      (select count(*) from prompt_evaluations)::integer as evaluations,
      (select count(*) from pipeline_tasks where status = 'leased')::integer as leases
  `;
  const calls = new Map<string, number>();
  for (const { prompt } of model.requests) {
    calls.set(prompt, (calls.get(prompt) ?? 0) + 1);
  }
  return {
    broken: [...broken],
    statuses: statuses.map(({ status }) => status),
    evaluations,
    leasesLeft: leases,
    callsPerPrompt: {
      mean: model.count() / calls.size,
      max: Math.max(...calls.values()),
    },
  };
}

function wait(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
