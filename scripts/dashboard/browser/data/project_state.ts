import {
  checkProject,
  type ProjectCheck,
  type ProjectFacts,
} from "../../../pipeline/check_project.ts";
import { callFunction, project } from "./project.ts";
import { readRows } from "./read_rows.ts";

/** What the database alone knows; `deno task pipeline doctor` calls the functions and endpoints too. */
const KNOWN_TO_THE_DATABASE = [
  "extensions",
  "grants",
  "schedule",
  "last maintenance",
  "project URL",
  "wakes",
];

/** Whether the project works, check by check. */
export async function readChecks(signal: AbortSignal): Promise<ProjectCheck[]> {
  const facts = await callFunction<ProjectFacts>(
    "pipeline_inspect_project",
    {},
    signal,
  );
  return checkProject({
    ...facts,
    functions: {},
    worker: { status: 0, isOwn: false, errorCode: null },
    missingSecrets: [],
    timeouts: {},
    endpoints: {},
  }, project().home.projectUrl)
    .filter(({ name }) => KNOWN_TO_THE_DATABASE.includes(name));
}

/** An endpoint and one of its models, as it is used at this moment. */
export interface EndpointState {
  name: string;
  model: string | null;
  format: string | null;
  retired: boolean;
  max_concurrency: number | null;
  workers: number;
  concurrency: number;
  waiting_runs: number;
  blocked_until: string | null;
  blocked_reason: string | null;
  learnt_concurrency: number | null;
}

/** Endpoints with their load and cool-downs. */
export function readEndpointStates(
  signal: AbortSignal,
): Promise<EndpointState[]> {
  return readRows("model_endpoint_status", {
    columns:
      "name,model,format,retired,max_concurrency,workers,concurrency,waiting_runs,blocked_until,blocked_reason,learnt_concurrency",
    order: ["retired", "name"],
  }, signal);
}

/** A webhook that was sent, or not. */
export interface Delivery {
  id: number;
  run_id: number;
  type: string;
  url: string;
  attempt: number;
  delivered: boolean;
  status_code: number | null;
  error: string | null;
  created_at: string;
}

/** The newest webhooks. */
export function readDeliveries(signal: AbortSignal): Promise<Delivery[]> {
  return readRows("pipeline_webhook_deliveries", {
    columns:
      "id,run_id,type,url,attempt,delivered,status_code,error,created_at",
    order: ["-id"],
    most: 20,
  }, signal);
}
