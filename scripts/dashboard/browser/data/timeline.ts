import { callFunction } from "./project.ts";

/** How a run stood at a time, and how fast it went since the tick before. */
export interface Tick {
  at: string;
  status: string;
  open: number;
  concurrency: number | null;
  p50_ms: number | null;
  p95_ms: number | null;
  blocked_until: string | null;
  per_second: number | null;
  failed_per_second: number | null;
  cost_per_second: number | null;
}

/** Reads how a run went, thinned to what a screen can show. */
export function readTimeline(
  run: string,
  signal: AbortSignal,
): Promise<Tick[]> {
  return callFunction(
    "pipeline_run_timeline",
    { run_id: Number(run), points: 240 },
    signal,
  );
}
