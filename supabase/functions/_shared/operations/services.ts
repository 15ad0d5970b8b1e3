import type { RunId } from "../run_id.ts";
import type { SupabaseClient } from "@supabase/supabase-js";
import type { Database } from "../database.ts";
import { type OperationError, PipelineError } from "../errors.ts";
import type { ModelCallerDependencies } from "../model/call_model.ts";
import type { Clock } from "../clock.ts";
import type { ArchiveStorage } from "../storage.ts";
import { type Caller, ownerOf } from "./caller.ts";
import type { NamedEndpoint } from "./endpoint_choice.ts";
import type {
  ExtractLimits,
  ExtractPromptsDependencies,
} from "./extract_prompts.ts";
import type { RunState } from "./run_state.ts";
import type { SweepState } from "./sweep_state.ts";

/** What the operations need of a project; the same for all callers. */
export interface Project {
  database: Database;
  storage: ArchiveStorage;
  /** An endpoint by name; users see those that are open to them. */
  readEndpoint(name: string, caller: Caller): Promise<NamedEndpoint | null>;
  /** @throws {PipelineError} `not_found`: there is none, or it is another user's */
  readRun(runId: RunId, caller: Caller): Promise<RunState>;
  /** @throws {PipelineError} `not_found`: there is none, or it is another user's */
  readSweep(sweepId: RunId, caller: Caller): Promise<SweepState>;
  /** Why prompts of a run have failed for good, one error for each cause. */
  readFailures(runId: RunId): Promise<OperationError[]>;
  /** The newest 20. */
  listRuns(caller: Caller): Promise<ListedRun[]>;
  /** Those that runs may name; users see those that are open to them. */
  listEndpoints(caller: Caller): Promise<ListedEndpoint[]>;
}

export type ListedRun = Pick<RunState, "runId" | "status" | "experimentName">;

export type ListedEndpoint =
  & Pick<NamedEndpoint, "name" | "format">
  & { model: string | null; models: unknown };

/** What one call of an operation is given. */
export interface Services {
  caller: Caller;
  /** Absent in a tool without connection: then only extract and execute work. */
  project?: Project;
  model: ModelCallerDependencies;
  clock: Clock;
  random(): number;
  /** Told after each prompt of execute_batch. */
  onResponse?(): void;
  readDirectory?: ExtractPromptsDependencies["readDirectory"];
  /** What a call that is answered directly may take. */
  limits?: ExtractLimits & { prompts: number };
  /** Longest that `wait` may take. */
  waitLimitMs: number;
  idempotencyKey?: string;
  /** Begins to work on a new run at once; without it the run's wake does. */
  beginRun?(runId: RunId): void;
}

/**
 * The project as the caller may see it.
 *
 * @throws {PipelineError} `invalid_request`: the tool was given no project.
 */
export function projectOf({ project, caller }: Services) {
  if (!project) {
    throw new PipelineError(
      "invalid_request",
      "Cannot reach a project: set SUPABASE_URL and SUPABASE_SECRET_KEY",
    );
  }
  return {
    database: project.database,
    readEndpoint: (name: string) => project.readEndpoint(name, caller),
    readRun: (runId: RunId) => project.readRun(runId, caller),
    readSweep: (sweepId: RunId) => project.readSweep(sweepId, caller),
    readFailures: project.readFailures,
    listRuns: () => project.listRuns(caller),
    listEndpoints: () => project.listEndpoints(caller),
    owner: ownerOf(caller),
  };
}

const ENDPOINT =
  "name, url, format, model, headers, requestTemplate:request_template, responsePath:response_path, timeoutSeconds:timeout_seconds, maxOutputTokens:max_output_tokens, maxConcurrency:max_concurrency, openToUsers:open_to_users";
const MOST_CAUSES = 20;
const MOST_RUNS = 20;
const RUN_STATE =
  "runId:id, status, experimentName:experiment_name, resultsTable:results_table, extracted, succeeded, failed, cached, open, inputTokens:input_tokens, outputTokens:output_tokens, cost, error, notice, startedAt:started_at, finishedAt:finished_at, owner";
const SWEEP_STATE =
  "sweepId:id, status, name, answers, succeeded, failed, open, cost, error, notice, startedAt:started_at, finishedAt:finished_at, owner";

/** Reads endpoints, runs and sweeps through the Data API. */
export function createProject(
  client: SupabaseClient,
  database: Database,
  storage: ArchiveStorage,
): Project {
  return {
    database,
    storage,
    async readEndpoint(name, caller) {
      const { data, error } = await client.from("model_endpoints")
        .select(ENDPOINT).eq("name", name).maybeSingle();
      if (error) throw unreadable("model_endpoints", error);
      if (!data) return null;
      const { openToUsers, ...endpoint } = data;
      if (caller.kind === "user" && !openToUsers) return null;
      return { ...endpoint, timeoutSeconds: Number(endpoint.timeoutSeconds) };
    },
    async readRun(runId, caller) {
      const { data, error } = await client.from("pipeline_runs")
        .select(RUN_STATE).eq("id", runId).maybeSingle();
      if (error) throw unreadable("pipeline_runs", error);
      // A run of another user is answered like one that does not exist.
      const owner = ownerOf(caller);
      if (!data || (owner !== null && data.owner !== owner)) {
        throw new PipelineError("not_found", `Cannot find run ${runId}`);
      }
      const { owner: _, ...state } = data;
      return { ...state, cost: Number(state.cost) };
    },
    async readSweep(sweepId, caller) {
      const { data, error } = await client.from("pipeline_sweep_progress")
        .select(SWEEP_STATE).eq("id", sweepId).maybeSingle();
      if (error) throw unreadable("pipeline_sweep_progress", error);
      const owner = ownerOf(caller);
      if (!data || (owner !== null && data.owner !== owner)) {
        throw new PipelineError("not_found", `Cannot find sweep ${sweepId}`);
      }
      const runs = await client.from("pipeline_runs")
        .select("runId:id, experimentName:experiment_name, status")
        .eq("sweep_id", sweepId).not("endpoint", "is", null).order("id");
      if (runs.error) throw unreadable("pipeline_runs", runs.error);
      const { owner: _, ...state } = data;
      return { ...state, cost: Number(state.cost), runs: runs.data };
    },
    async readFailures(runId) {
      const { data, error } = await client.from("pipeline_error_groups")
        // All of them: a column named count alone is taken for the aggregate.
        .select().eq("run_id", runId)
        .eq("final", true).order("count", { ascending: false })
        .limit(MOST_CAUSES);
      if (error) throw unreadable("pipeline_error_groups", error);
      return data.map(({ code, example, stage, count }) => ({
        code,
        message: example,
        context: { runId, stage, count },
      }));
    },
    async listRuns(caller) {
      const runs = client.from("pipeline_runs")
        .select("runId:id, status, experimentName:experiment_name")
        .order("id", { ascending: false }).limit(MOST_RUNS);
      const owner = ownerOf(caller);
      const { data, error } = await (
        owner === null ? runs : runs.eq("owner", owner)
      );
      if (error) throw unreadable("pipeline_runs", error);
      return data;
    },
    async listEndpoints(caller) {
      const endpoints = client.from("model_endpoints")
        .select("name, format, model, models").order("name")
        .eq("retired", false).eq("made_for_url", false);
      const { data, error } = await (
        caller.kind === "service"
          ? endpoints
          : endpoints.eq("open_to_users", true)
      );
      if (error) throw unreadable("model_endpoints", error);
      return data;
    },
  };
}

function unreadable(table: string, error: { message: string }): PipelineError {
  return new PipelineError(
    "unavailable",
    `Cannot read ${table}: ${error.message}`,
    { cause: error },
  );
}
