import { extractOptionsSchema } from "../archive/options.ts";
import { withPatience } from "../database.ts";
import { createEgressGuard } from "../model/egress_guard.ts";
import { drain } from "../queue/drain.ts";
import { createTaskQueue, type TaskQueue } from "../queue/task_queue.ts";
import { createArchiveStorage } from "../storage.ts";
import type {
  Assignment,
  StageOfWork,
  WorkerDependencies,
} from "./assignment.ts";
import { createNotifyHandler } from "./deliver_webhooks.ts";
import { createEvaluateStage } from "./evaluate_stage.ts";
import { createExecuteHandler } from "./execute_prompts.ts";
import { createExtractHandler } from "./extract_archives.ts";
import { createJudgeStage } from "./judge_stage.ts";
import { openEndpoint } from "./open_endpoint.ts";
import { refusedStage } from "./refused_stage.ts";

/**
 * The usual load of a worker takes half of the 2 s of processor time that an isolate has: with less
 * than half used up the platform gives it to another worker. Reading 120 MB of archive takes about
 * 1 s, a model call 0.3 to 0.5 ms.
 */
const BYTES_PER_WORKER = 120_000_000;
const CALLS_PER_WORKER = 2_000;

/** How long results are held for a database that does not answer, such as one that restarts. */
const PATIENCE_MS = 60_000;

/** What an isolate has behind it when a worker begins in it. */
export interface Begun {
  /** Milliseconds since the epoch. */
  at: number;
  /** The share of its processor time that is used up. */
  load: number;
}

/**
 * Works for one wake: claims tasks of its run and stage until none is to come or time is up. Returns
 * what to go on with, when the isolate is good for more and another run waits: many small runs need
 * few workers. `begun` is brought up to date for it.
 */
export async function runWorker(
  assignment: Assignment,
  dependencies: WorkerDependencies,
  begun: Begun = { at: dependencies.clock.now(), load: 0 },
): Promise<Assignment | null> {
  const { config, clock, stop } = dependencies;
  const database = withPatience(dependencies.database, {
    forMs: PATIENCE_MS,
    clock,
    signal: stop,
  });
  const queue = createTaskQueue(database, assignment.workerId);
  const stage = createStage(assignment, { ...dependencies, database }, queue);
  const loadBefore = begun.load;
  const load = () => loadBefore + stage.load();
  const share = assignment.share ?? 1;
  // The last twentieth is for what is in hand: an archive goes on to its next checkpoint.
  const budgetMs = config.workerSeconds * 950;
  const spentMs = () => clock.now() - begun.at;
  let next: Assignment | null = null;
  await drain(
    {
      ...queue,
      claim: (holding) => queue.claim({ ...holding, load: load() }),
      async end() {
        begun.load = load();
        next = await queue.end({
          load: begun.load,
          // Workers after one that was cut off take less.
          isCutOff: stop.reason?.cause === "cpu",
          goesOn: !stop.aborted && begun.load < share / 2 &&
            spentMs() < budgetMs / 2,
        }) as Assignment | null;
      },
    },
    stage.handle,
    {
      budgetMs: budgetMs - spentMs(),
      load: () => load() / share,
      flushSize: stage.flushSize,
      stop,
      clock,
    },
  );
  return next;
}

function createStage(
  assignment: Assignment,
  dependencies: WorkerDependencies,
  queue: TaskQueue,
): StageOfWork {
  switch (assignment.stage) {
    case "extract":
      return createExtractStage(assignment, dependencies, queue);
    case "execute":
      return createExecuteStage(assignment, dependencies);
    case "evaluate":
      return createEvaluateStage(assignment, dependencies);
    case "judge":
      return createJudgeStage(assignment, dependencies);
    case "notify":
      return createNotifyStage(dependencies);
  }
}

function createExtractStage(
  { run }: Assignment,
  { config, fetch }: WorkerDependencies,
  queue: TaskQueue,
): StageOfWork {
  let bytes = 0;
  const options = extractOptionsSchema.safeParse(
    pickKnown(run.options, extractOptionsSchema),
  );
  if (!options.success) return refusedStage("options", options.error);
  return {
    handle: createExtractHandler({
      storage: createArchiveStorage(config, fetch),
      queue,
      options: options.data,
      onBytes: (count) => bytes += count,
    }),
    load: () => bytes / BYTES_PER_WORKER,
  };
}

function createExecuteStage(
  { run, endpoint }: Assignment,
  dependencies: WorkerDependencies,
): StageOfWork {
  let calls = 0;
  const caller = openEndpoint({
    ...endpoint!,
    model: run.model,
    headers: {
      ...endpoint!.headers,
      ...(run.options.headers as Record<string, string> | undefined),
    },
  }, dependencies);
  const execute = createExecuteHandler(caller, {
    parameters: run.parameters,
    keepBody: run.options.keepBody === true,
  }, dependencies.clock.now);
  return {
    handle: (task, worker) => {
      calls++;
      return execute(task, worker);
    },
    load: () => calls / CALLS_PER_WORKER,
  };
}

function createNotifyStage(
  { config, database, fetch, resolveDns, clock }: WorkerDependencies,
): StageOfWork {
  return {
    handle: createNotifyHandler({
      fetch,
      guard: createEgressGuard({
        allowPrivateHosts: config.allowPrivateHosts,
        resolveDns,
        now: clock.now,
      }),
      readSecret: () => database.call("pipeline_webhook_secret", {}),
      now: clock.now,
      random: Math.random,
    }),
    load: () => 0,
  };
}

function pickKnown(
  options: Record<string, unknown>,
  schema: typeof extractOptionsSchema,
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(options).filter(([name]) => name in schema.shape),
  );
}
