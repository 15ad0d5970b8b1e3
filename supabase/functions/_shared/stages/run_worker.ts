import { z } from "zod";
import { extractOptionsSchema } from "../archive/options.ts";
import type { Config } from "../config.ts";
import type { Database } from "../database.ts";
import { createModelCaller, type ModelCaller } from "../model/call_model.ts";
import { createEgressGuard } from "../model/egress_guard.ts";
import type { Endpoint } from "../model/endpoint.ts";
import {
  type Clock,
  drain,
  type DrainReport,
  type TaskHandler,
} from "../queue/drain.ts";
import {
  createTaskQueue,
  type Stage,
  type TaskQueue,
  withPatience,
} from "../queue/task_queue.ts";
import { readSecret } from "../read_secret.ts";
import { createArchiveStorage } from "../storage.ts";
import { createNotifyHandler } from "./deliver_webhooks.ts";
import { createEvaluateStage } from "./evaluate_stage.ts";
import { createExecuteHandler } from "./execute_prompts.ts";
import { createExtractHandler } from "./extract_archives.ts";

/** What `start_worker()` hands a worker; see its comment in SQL. */
export interface Assignment {
  workerId: string;
  stage: Stage;
  run: {
    id: number;
    owner: string | null;
    model: string | null;
    parameters: Record<string, unknown>;
    options: Record<string, unknown>;
    evaluators: unknown[];
    resultsTable: string;
  };
  /** Null for a run that only evaluates. */
  endpoint: EndpointRow | null;
}

/** A row of `model_endpoints`, as far as a call needs it. */
export interface EndpointRow {
  name: string;
  url: string;
  format: Endpoint["format"];
  model: string | null;
  headers: Record<string, string>;
  request_template: unknown;
  response_path: Endpoint["responsePath"];
  timeout_seconds: number;
}

export interface WorkerDependencies {
  config: Config;
  database: Database;
  fetch: typeof fetch;
  resolveDns?: typeof Deno.resolveDns;
  clock: Clock;
  /** Aborted when the isolate is about to be killed. */
  stop: AbortSignal;
}

/**
 * What one isolate's 2 s of processor time are good for, with a margin: reading 120 MB of archive
 * takes about 1 s, a model call below 1 ms.
 */
const BYTES_PER_WORKER = 120_000_000;
const CALLS_PER_WORKER = 1_500;

/** How long results are held for a database that does not answer, such as one that restarts. */
const PATIENCE_MS = 60_000;

/** Works for one wake: claims tasks of its run and stage until none is to come or time is up. */
export function runWorker(
  assignment: Assignment,
  dependencies: WorkerDependencies,
): Promise<DrainReport> {
  const { config, database, clock, stop } = dependencies;
  const queue = withPatience(createTaskQueue(database, assignment.workerId), {
    forMs: PATIENCE_MS,
    wait: (milliseconds) => clock.wait(milliseconds, stop),
    now: clock.now,
  });
  const stage = createStage(assignment, dependencies, queue);
  return drain(stage.queue ?? queue, stage.handle, {
    // The last twentieth is for what is in hand: an archive goes on to its next checkpoint.
    budgetMs: config.workerSeconds * 950,
    load: stage.load,
    flushSize: stage.flushSize,
    stop,
    clock,
  });
}

/** What a worker of one stage does. */
export interface StageOfWork {
  handle: TaskHandler;
  /** The share of an isolate's processor time that is used up. */
  load(): number;
  /** Results that are stored together; default 100. */
  flushSize?: number;
  /** Used instead of the plain queue. */
  queue?: TaskQueue;
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
      return createEvaluateStage(assignment, dependencies, openEndpoint);
    case "notify":
      return createNotifyStage(dependencies, queue);
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
  if (!options.success) {
    const problem = z.prettifyError(options.error);
    return { handle: () => Promise.resolve(refuse(problem)), load: () => 0 };
  }
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

/** Prepares calls to an endpoint. */
export function openEndpoint(
  endpoint: EndpointRow,
  { config, database, fetch, resolveDns, clock }: WorkerDependencies,
): ModelCaller {
  return createModelCaller({
    name: endpoint.name,
    url: endpoint.url,
    format: endpoint.format,
    model: endpoint.model,
    headers: endpoint.headers,
    requestTemplate: endpoint.request_template,
    responsePath: endpoint.response_path,
    timeoutSeconds: endpoint.timeout_seconds,
  }, {
    fetch,
    resolveDns,
    now: clock.now,
    allowPrivateHosts: config.allowPrivateHosts,
    resolveSecret: (name) => readSecret(database, name),
  });
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
  queue: TaskQueue,
): StageOfWork {
  return {
    handle: createNotifyHandler({
      fetch,
      guard: createEgressGuard({
        allowPrivateHosts: config.allowPrivateHosts,
        resolveDns,
        now: clock.now,
      }),
      readSecret: () => database.call("webhook_secret", {}),
      now: clock.now,
      random: Math.random,
    }),
    load: () => 0,
    queue: forFinishedRuns(queue),
  };
}

/** Events are delivered whatever has become of their run. */
function forFinishedRuns(queue: TaskQueue): TaskQueue {
  const status = "running" as const;
  return {
    ...queue,
    claim: async (holding) => ({ ...await queue.claim(holding), status }),
    extend: async (inFlight) => ({ ...await queue.extend(inFlight), status }),
    finish: async (results) => ({ ...await queue.finish(results), status }),
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

function refuse(problem: string) {
  return {
    outcome: "failed" as const,
    error: {
      class: "permanent" as const,
      code: "invalid_request",
      message: `Cannot use the run's options: ${problem}`,
    },
  };
}
