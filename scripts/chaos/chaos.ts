import { delay } from "@std/async/delay";
import { createRandom } from "../local/model_simulator/latency.ts";
import {
  type ModelSimulator,
  startModelSimulator,
} from "../local/model_simulator.ts";
import { hostedLimits } from "../local/functions/isolate_limits.ts";
import { type Stack, startStack } from "../local/stack.ts";
import { type BadService, startBadService } from "./bad_service.ts";
import { type Broken, findHarm } from "./find_harm.ts";
import {
  countTurns,
  startLiveApp,
  startWatch,
  type WatchedTurns,
} from "./live_app.ts";
import { drawIncident, EVERYDAY_RATES, type Incident } from "./misbehave.ts";
import { shareOfFirst } from "./owners.ts";
import { refuseResults } from "./refuse_results.ts";
import { answerOf, asksJudge, startRuns } from "./start_runs.ts";
import { upgradeOnce } from "./upgrade_once.ts";

export interface ChaosSettings {
  seed: number;
  /** Prompts that all runs together are to answer, without those of the watch. */
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
  /** Events of runs that were made, delivered, and said to be delivered though nobody was told. */
  events: { made: number; delivered: number; untrue: number };
  /** The part of the calls that one of two owners had while both had some to make; null: too few to tell. */
  share: number | null;
  /** What became of the turns of the watch. */
  watched: Pick<WatchedTurns, "asked" | "wrong">;
  /** Seconds that the upgrade took. */
  upgradeSeconds: number;
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

/** How much an app writes that is watched. */
const ROWS_PER_SECOND = 10;

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
  const upgrading = createRandom(-1e6 - seed);
  const model = await startModelSimulator({
    latency: { medianMs: 100, p95Ms: 400 },
    seed,
    faultRates: EVERYDAY_RATES,
    answer: answerOf,
  });
  await using service = startBadService();
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
    const watchId = await startWatch(stack.sql);
    const app = startLiveApp(stack.sql, ROWS_PER_SECOND);
    const operator = resumeRuns(stack, runsAreOver.signal);
    const killsAreOver = new AbortController();
    const moods = misbehave(model, misbehaving, killsAreOver.signal);
    const refusals = refuseResults(stack, refusing, killsAreOver.signal);
    const upgrade = upgradeOnce(stack, upgrading() * settings.killForMs);
    const kills = await killAtRandom(stack, settings, killing);
    killsAreOver.abort();
    const incidents = await moods;
    const tables = await refusals;
    const upgradeSeconds = await upgrade;
    await app.stop();
    const watched = () => countTurns(stack.sql, watchId, new Date());
    await untilOver(stack, watched);
    runsAreOver.abort();
    const resumes = await operator;
    const { notStorable, ...found } = await report(stack, model, service);
    const { asked, wrong, wrongTurns } = await watched();
    for (const turn of wrongTurns) settings.log(JSON.stringify(turn));
    return {
      ...found,
      ...resumes,
      watched: { asked, wrong },
      upgradeSeconds,
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

/** Of all runs but those of the watch, which go on for days. */
async function progress({ sql }: Stack) {
  for (;;) {
    try {
      const [row] = await sql<[{ stored: number; active: number }]>`
        select
          coalesce(sum(succeeded + failed), 0)::integer as stored,
          (count(*) filter (where finished_at is null))::integer as active
        from pipeline_runs where watch_id is null
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

/**
 * Waits for the runs and the watch as long as anything happens: the report tells when they have not
 * ended.
 */
async function untilOver(
  stack: Stack,
  watched: () => Promise<WatchedTurns>,
): Promise<void> {
  let last = "";
  let lastChange = Date.now();
  while (Date.now() - lastChange < LONGEST_PAUSE_MS) {
    const { stored, active } = await progress(stack);
    const { wrong } = await watched();
    // A webhook that does not answer is waited for after the end of its run.
    const [{ leases }] = await stack.sql`
      select count(*)::integer as leases from pipeline_tasks where status = 'leased'
    `;
    if (active === 0 && wrong === 0 && leases === 0) return;
    const now = `${stored} ${wrong}`;
    if (now !== last) lastChange = Date.now();
    last = now;
    await wait(500);
  }
}

async function report(
  { sql }: Stack,
  model: ModelSimulator,
  service: BadService,
) {
  const broken = await sql<Broken[]>`
    select * from check_pipeline_invariants(now() + interval '3 minutes')
  `;
  const statuses = await sql`
    select status from pipeline_runs where watch_id is null order by id
  `;
  const [{ evaluations, failed, refused, leases, endless }] = await sql`
    select
      count(*)::integer as evaluations,
      (count(*) filter (where not success))::integer as failed,
      (count(*) filter (where metadata ->> 'errorCode' = 'not_storable'))::integer as refused,
      (select count(*) from pipeline_tasks where status = 'leased')::integer as leases,
      (
        select count(*) from evaluation_scores
        where evaluator = 'json-schema' and error like '%takes more than%'
      )::integer as endless
    from prompt_evaluations
    where run_id in (select id from pipeline_runs where watch_id is null)
  `;
  const events = await sql<{ key: string; status: string }[]>`
    select key, status from pipeline_tasks where stage = 'notify'
  `;
  const delivered = events.filter(({ status }) => status === "succeeded");
  const asked = model.requests.filter(({ body }) => !asksJudge(body));
  const calls = new Map<string, number>();
  for (const { prompt } of asked) {
    calls.set(prompt, (calls.get(prompt) ?? 0) + 1);
  }
  return {
    broken: [...broken, ...await findHarm(sql)],
    endless: { scores: endless, requests: service.count() },
    events: {
      made: events.length,
      delivered: delivered.length,
      untrue: delivered.filter(({ key }) => !service.heard.has(key)).length,
    },
    share: shareOfFirst(asked.filter(({ prompt }) => / owner/.test(prompt))),
    statuses: statuses.map(({ status }) => status),
    evaluations,
    failedPrompts: failed,
    notStorable: refused,
    leasesLeft: leases,
    callsPerPrompt: {
      mean: asked.length / calls.size,
      max: Math.max(...calls.values()),
    },
  };
}

/** Resolves after so many milliseconds, or at once when the signal aborts. */
const wait = (milliseconds: number, signal?: AbortSignal): Promise<void> =>
  delay(milliseconds, { signal }).catch(() => {});
