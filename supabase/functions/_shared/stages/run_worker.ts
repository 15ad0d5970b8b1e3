import { extractOptionsSchema } from "../archive/options.ts";
import { withPatience } from "../database.ts";
import { createLog } from "../log.ts";
import { createEgressGuard } from "../model/egress_guard.ts";
import { drain } from "../queue/drain.ts";
import { logQueue } from "../queue/logged_queue.ts";
import { createTaskQueue, type TaskQueue } from "../queue/task_queue.ts";
import { createArchiveStorage } from "../storage.ts";
import { fetchPage } from "../tables/read_table.ts";
import type {
  Assignment,
  StageDependencies,
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
import { createWebhookStage } from "./webhook_stage.ts";

/** The usual load of a worker: reading so much takes about 1 s, a model call 0.3 to 0.5 ms. */
const BYTES_PER_WORKER = 120_000_000;
const CALLS_PER_WORKER = 2_000;

/** How long results are held for a database that does not answer, such as one that restarts. */
const PATIENCE_MS = 60_000;

/** What an invocation has behind it when a worker begins in it. */
export interface Begun {
  /** Milliseconds since the epoch. */
  at: number;
  /** What it has done, in usual loads of a worker. */
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
  const queue = logQueue(
    createTaskQueue(database, assignment.workerId),
    {
      worker: assignment.workerId,
      run: assignment.run.id,
      stage: assignment.stage,
      endpoint: assignment.endpoint?.name,
    },
    createLog(config.logLevel),
    { clock, stop },
  );
  const share = assignment.share ?? 1;
  const { isolate } = dependencies;
  const { use, spent, done } = isolate.enter(share, begun.load);
  const stage = createStage(
    assignment,
    { ...dependencies, database, use },
    queue,
  );
  // The last twentieth is for what is in hand: an archive goes on to its next checkpoint.
  const budgetMs = config.workerSeconds * 950;
  const spentMs = () => clock.now() - begun.at;
  let next: Assignment | null = null;
  await drain(
    {
      ...queue,
      claim: (holding) => queue.claim({ ...holding, load: isolate.load }),
      async end(how) {
        begun.load = done();
        next = await queue.end({
          ...how,
          load: isolate.load,
          // Workers after one that was cut off take less.
          isCutOff: stop.reason?.cause === "cpu",
          goesOn: !stop.aborted && how.problem === undefined &&
            begun.load < share / 2 &&
            spentMs() < budgetMs / 2,
        }) as Assignment | null;
      },
    },
    stage.handle,
    {
      budgetMs: budgetMs - spentMs(),
      load: spent,
      hasRoom: isolate.hasRoom,
      flushSize: stage.flushSize,
      stop,
      clock,
    },
  );
  return next;
}

function createStage(
  assignment: Assignment,
  dependencies: StageDependencies,
  queue: TaskQueue,
): StageOfWork {
  switch (assignment.stage) {
    case "extract":
      return createExtractStage(assignment, dependencies, queue);
    case "execute":
      return createExecuteStage(assignment, dependencies);
    case "evaluate":
      return createEvaluateStage(assignment, dependencies);
    case "webhook":
      return createWebhookStage(assignment, dependencies);
    case "judge":
      return createJudgeStage(assignment, dependencies);
    case "notify":
      return createNotifyStage(assignment, dependencies);
  }
}

function createExtractStage(
  { run }: Assignment,
  { config, database, fetch, use }: StageDependencies,
  queue: TaskQueue,
): StageOfWork {
  const options = extractOptionsSchema.safeParse(
    pickKnown(run.options, extractOptionsSchema),
  );
  if (!options.success) return refusedStage("options", options.error);
  return {
    handle: createExtractHandler({
      storage: createArchiveStorage(config, fetch),
      queue,
      readTable: (source, cursor) =>
        fetchPage(database, source, run.owner, cursor),
      options: options.data,
      onBytes: (count) => use(count / BYTES_PER_WORKER),
    }),
  };
}

function createExecuteStage(
  { run, endpoint }: Assignment,
  dependencies: StageDependencies,
): StageOfWork {
  const caller = openEndpoint(
    {
      ...endpoint!,
      model: run.model,
      headers: {
        ...endpoint!.headers,
        ...(run.options.headers as Record<string, string> | undefined),
      },
    },
    run.owner,
    dependencies,
  );
  const execute = createExecuteHandler(caller, {
    parameters: run.parameters,
    keepBody: run.options.keepBody === true,
  }, dependencies.clock.now);
  return {
    handle: (task, worker) => {
      dependencies.use(1 / CALLS_PER_WORKER);
      return execute(task, worker);
    },
  };
}

function createNotifyStage(
  { run }: Assignment,
  { config, database, fetch, resolveDns, clock }: StageDependencies,
): StageOfWork {
  return {
    handle: createNotifyHandler({
      fetch,
      guard: createEgressGuard({
        allowPrivateHosts: config.allowPrivateHosts,
        resolveDns,
        now: clock.now,
      }),
      readSecret: () =>
        database.call("pipeline_webhook_secret", { owner: run.owner }),
      now: clock.now,
      random: Math.random,
    }),
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
