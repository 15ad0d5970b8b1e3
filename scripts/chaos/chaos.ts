import { delay } from "@std/async/delay";
import { createRandom } from "../local/model_simulator/latency.ts";
import {
  type ModelSimulator,
  startModelSimulator,
} from "../local/model_simulator.ts";
import { hostedLimits } from "../local/functions/isolate_limits.ts";
import { type Stack, startStack } from "../local/stack.ts";
import { type Broken, findHarm } from "./find_harm.ts";
import { drawIncident, EVERYDAY_RATES, type Incident } from "./misbehave.ts";
import { shareOfFirst } from "./owners.ts";
import { refuseResults } from "./refuse_results.ts";
import {
  answerOf,
  type EndlessService,
  startEndlessService,
  startRuns,
} from "./start_runs.ts";

export interface ChaosSettings {
  seed: number;
  /** Prompts of all runs together. */
  prompts: number;
  /** Runs of the second owner, beside the one whose evaluators never end. */
  runs: number;
  /** A kill comes every so many milliseconds on average. */
  killEveryMs: number;
  /** How long kills and incidents go on; afterwards the runs are left to finish. */
  killForMs: number;
  log(line: string): void;
}

export interface ChaosReport {
  seed: number;
  prompts: number;
  kills: { what: Victim; atMs: number; toProgressMs: number }[];
  /** How often the model was worse than on other days. */
  incidents: Record<Incident["kind"], number>;
  /** Answers that the results table never took, and how often it was gone for a while. */
  refused: { results: number; tables: number };
  /** Answers that an evaluator would have looked at for ever, and requests to the service that answers without end. */
  endless: { scores: number; requests: number };
  /** The part of the calls that one of two owners had while both had some to make; null: too few to tell. */
  share: number | null;
  /** Runs that an error had paused and that were resumed. */
  resumed: number;
  /** How often the money of a run was used up, and its max_cost raised. */
  raised: number;
  /** By how much the clock was wrong, of each process that was a worker's. */
  clockSkewsMs: number[];
  /** What check_pipeline_invariants() and findHarm() found broken at the end; empty when all is well. */
  broken: Broken[];
  statuses: string[];
  evaluations: number;
  /** Prompts whose evaluation is an error, because the model would not answer them. */
  failedPrompts: number;
  callsPerPrompt: { mean: number; max: number };
  leasesLeft: number;
  seconds: number;
}

type Victim = "functions" | "rest" | "postgres";
const VICTIMS: Victim[] = ["functions", "rest", "postgres"];

/** The clock of a worker is wrong by up to so much, either way. */
const MOST_SKEW_MS = 10 * 60_000;

/** When nothing has been stored for so long after a kill, the run has failed. */
export const LONGEST_PAUSE_MS = 120_000;

/**
 * Runs the pipeline while its processes are killed at random, wakes are lost and repeated, the
 * clocks of workers are wrong and the model misbehaves, and reports what held.
 */
export async function runChaos(settings: ChaosSettings): Promise<ChaosReport> {
  const { seed, prompts } = settings;
  // Each has numbers of its own, so that one cannot change what another draws.
  const [killing, misbehaving, skewing] = [0, 1, 2].map((n) =>
    createRandom(seed * 3 + n)
  );
  const refusing = createRandom(-seed);
  const model = await startModelSimulator({
    latency: { medianMs: 100, p95Ms: 400 },
    seed,
    faultRates: EVERYDAY_RATES,
    answer: answerOf,
  });
  await using service = startEndlessService();
  const clockSkewsMs: number[] = [];
  const stack = await startStack({
    port: 0,
    isolateLimits: hostedLimits,
    functionEnv: { WORKER_SECONDS: "15" },
    clockSkewMs(name) {
      if (name !== "pipeline-worker") return 0;
      const skew = Math.round(MOST_SKEW_MS * (2 * skewing() - 1));
      clockSkewsMs.push(skew);
      return skew;
    },
  });
  const runsAreOver = new AbortController();
  try {
    const startedAt = Date.now();
    await startRuns(stack.sql, model, service, settings);
    const operator = resumeRuns(stack, runsAreOver.signal);
    const killsAreOver = new AbortController();
    const moods = misbehave(model, misbehaving, killsAreOver.signal);
    const refusals = refuseResults(stack, refusing, killsAreOver.signal);
    const kills = await killAtRandom(stack, settings, killing);
    killsAreOver.abort();
    const incidents = await moods;
    const tables = await refusals;
    await untilOver(stack);
    runsAreOver.abort();
    const resumes = await operator;
    const { notStorable, ...found } = await report(stack, model, service);
    return {
      ...found,
      ...resumes,
      refused: { results: notStorable, tables },
      seed,
      prompts,
      kills,
      incidents,
      clockSkewsMs,
      seconds: (Date.now() - startedAt) / 1000,
    };
  } finally {
    runsAreOver.abort();
    await stack.stop();
    await model.stop();
  }
}

/** Lets the model misbehave until the signal; counts the incidents. */
async function misbehave(
  model: ModelSimulator,
  random: () => number,
  signal: AbortSignal,
): Promise<ChaosReport["incidents"]> {
  const incidents = { storm: 0, lockout: 0 };
  for (;;) {
    const incident = drawIncident(random);
    await wait(incident.afterMs, signal);
    if (signal.aborted) return incidents;
    incidents[incident.kind]++;
    const { rates: faultRates, retryAfter } = incident;
    model.configure({ faultRates, retryAfter });
    await wait(incident.forMs, signal);
    model.configure({ faultRates: EVERYDAY_RATES });
  }
}

/** What a person would do about runs that a refused key, or a lack of money, has paused; counts them. */
async function resumeRuns(
  { sql }: Stack,
  signal: AbortSignal,
): Promise<Pick<ChaosReport, "resumed" | "raised">> {
  const done = { resumed: 0, raised: 0 };
  while (!signal.aborted) {
    await wait(500, signal);
    try {
      const { count } = await sql`
        update pipeline_runs set max_cost = 2 * max_cost, status = 'running'
        where status = 'paused' and error like 'max_cost%'
      `;
      done.raised += count;
      const { count: others } = await sql`
        select resume_pipeline_run(id) from pipeline_runs where status = 'paused'
      `;
      done.resumed += others;
    } catch {
      // Postgres is starting again, or the last task in flight has just ended the run.
    }
  }
  return done;
}

async function killAtRandom(
  stack: Stack,
  { killEveryMs, killForMs, log }: ChaosSettings,
  random: () => number,
): Promise<ChaosReport["kills"]> {
  const kills: Promise<ChaosReport["kills"][number]>[] = [];
  const startedAt = Date.now();
  while (Date.now() - startedAt < killForMs) {
    await wait(killEveryMs * (0.5 + random()));
    stack.setWakes(random() < 0.3 ? "off" : random() < 0.5 ? "triple" : "on");
    const what = VICTIMS[Math.floor(random() * VICTIMS.length)];
    if ((await progress(stack)).active === 0) break;
    const atMs = Date.now() - startedAt;
    await stack.kill(what);
    // Wakes that get lost, but not for ever: those of maintenance may not.
    setTimeout(() => stack.setWakes("on"), killEveryMs / 2);
    // The next kill does not wait for this one to be got over.
    kills.push(
      untilProgress(stack).then((toProgressMs) => {
        log(
          `${
            (atMs / 1000).toFixed(1)
          } s: killed ${what}, progress after ${toProgressMs} ms`,
        );
        return { what, atMs, toProgressMs };
      }),
    );
  }
  return await Promise.all(kills);
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

/** Milliseconds until more is stored than there was after the kill, or nothing is left to do. */
async function untilProgress(stack: Stack): Promise<number> {
  const startedAt = Date.now();
  const { stored } = await progress(stack);
  for (;;) {
    const now = await progress(stack);
    const waitedMs = Date.now() - startedAt;
    const over = now.stored > stored || now.active === 0;
    if (over || waitedMs >= LONGEST_PAUSE_MS) return waitedMs;
    await wait(50);
  }
}

/** Waits for the runs, but not for ever: the report tells when they have not ended. */
async function untilOver(stack: Stack): Promise<void> {
  const startedAt = Date.now();
  while ((await progress(stack)).active > 0) {
    if (Date.now() - startedAt > 300_000) return;
    await wait(100);
  }
}

async function report(
  { sql }: Stack,
  model: ModelSimulator,
  service: EndlessService,
) {
  const broken = await sql<Broken[]>`
    select * from check_pipeline_invariants(now() + interval '3 minutes')
  `;
  const statuses = await sql`select status from pipeline_runs order by id`;
  const [{ evaluations, failed, refused, leases, endless }] = await sql`
    select
      (select count(*) from prompt_evaluations)::integer as evaluations,
      (select count(*) from prompt_evaluations where not success)::integer as failed,
      (
        select count(*) from prompt_evaluations where metadata ->> 'errorCode' = 'not_storable'
      )::integer as refused,
      (select count(*) from pipeline_tasks where status = 'leased')::integer as leases,
      (
        select count(*) from evaluation_scores
        where evaluator = 'json-schema' and error like '%takes more than%'
      )::integer as endless
  `;
  const calls = new Map<string, number>();
  for (const { prompt } of model.requests) {
    calls.set(prompt, (calls.get(prompt) ?? 0) + 1);
  }
  return {
    broken: [...broken, ...await findHarm(sql)],
    endless: { scores: endless, requests: service.count() },
    share: shareOfFirst(
      model.requests.filter(({ prompt }) => !prompt.startsWith("project")),
    ),
    statuses: statuses.map(({ status }) => status),
    evaluations,
    failedPrompts: failed,
    notStorable: refused,
    leasesLeft: leases,
    callsPerPrompt: {
      mean: model.count() / calls.size,
      max: Math.max(...calls.values()),
    },
  };
}

/** Resolves after so many milliseconds, or at once when the signal aborts. */
const wait = (milliseconds: number, signal?: AbortSignal): Promise<void> =>
  delay(milliseconds, { signal }).catch(() => {});
