import type { Clock } from "../clock.ts";
import type { Config } from "../config.ts";
import type { Database } from "../database.ts";
import type { Endpoint } from "../model/endpoint.ts";
import type { ResolveDns } from "../model/egress_guard.ts";
import type { TaskHandler } from "../queue/task_handler.ts";
import type { Stage } from "../queue/task_queue.ts";
import type { Isolate, IsolateAccount } from "./isolate.ts";

/** What `pipeline_start_worker()` hands a worker; see its comment in SQL. */
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
  /** Of a worker that evaluates or judges: the endpoints that the run's evaluators ask. */
  judges?: EndpointRow[] | null;
  /** The share of a worker's usual load to take, less than 1 after isolates ran out of processor time. */
  share?: number | null;
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
  max_output_tokens: number | null;
}

export interface WorkerDependencies {
  config: Config;
  database: Database;
  fetch: typeof fetch;
  resolveDns?: ResolveDns;
  clock: Clock;
  /** Aborted when the isolate is about to be killed. */
  stop: AbortSignal;
  /** The isolate that the worker shares with others. */
  isolate: Isolate;
}

/** What a stage works with. */
export interface StageDependencies extends Omit<WorkerDependencies, "isolate"> {
  /** To be told of all work: shares of the usual load of a worker. */
  use: IsolateAccount["use"];
}

/** What a worker of one stage does. */
export interface StageOfWork {
  handle: TaskHandler;
  /** Results that are stored together; default 100. */
  flushSize?: number;
}
