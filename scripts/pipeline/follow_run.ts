import type { RunId } from "../../supabase/functions/_shared/run_id.ts";
import { delay } from "@std/async/delay";
import type { SupabaseClient } from "@supabase/supabase-js";
import type { RunProgress } from "../demo/run_progress.ts";
import { followProgress } from "../demo/follow_progress.ts";
import { PipelineError } from "../../supabase/functions/_shared/errors.ts";
import { EXIT, type Terminal } from "./command.ts";
import { dataOf } from "./project_access.ts";

const POLL_MS = 500;

/**
 * Shows how far a run is until it is over or paused, or until Ctrl-C, which leaves it running.
 *
 * @returns the exit code
 */
export async function followRun(
  client: SupabaseClient,
  runId: RunId,
  terminal: Terminal,
  isJson: boolean,
): Promise<number> {
  const stop = new AbortController();
  const interrupted = terminal.interrupted().then(() => {
    stop.abort();
    return "interrupted" as const;
  });
  const followed = followProgress({
    read: () => readProgress(client, runId),
    screen: {
      isTerminal: terminal.isLive,
      columns: terminal.columns,
      print: (line = "") =>
        terminal.isLive
          ? terminal.update(`${line}\n`)
          : terminal.complain(line),
      update: (line) => terminal.update(line),
    },
    wait: () => delay(POLL_MS, { signal: stop.signal }),
    now: Date.now,
  });
  const outcome = await Promise.race([followed, interrupted]);
  if (outcome === "interrupted") {
    followed.catch(() => {});
    terminal.complain(
      `\nRun ${runId} goes on. Follow it again with: deno task pipeline follow ${runId}`,
    );
    return EXIT.interrupted;
  }
  const { status, error, succeeded, failed } = outcome;
  if (isJson) {
    terminal.print(
      JSON.stringify({ runId, status, succeeded, failed, error }),
    );
  } else {
    terminal.print(
      `Run ${runId} is ${status}: ${succeeded} succeeded, ${failed} failed`,
    );
    if (error) terminal.complain(error);
    if (status === "paused") {
      terminal.complain(
        `When that is mended: deno task pipeline resume ${runId}`,
      );
    }
  }
  if (status !== "completed") return EXIT.runNotCompleted;
  return failed > 0 ? EXIT.somethingFailed : EXIT.done;
}

async function readProgress(
  client: SupabaseClient,
  runId: RunId,
): Promise<RunProgress> {
  const row = dataOf(
    "read pipeline_run_progress",
    await client.from("pipeline_run_progress").select().eq("id", runId)
      .maybeSingle(),
  );
  if (!row) throw new PipelineError("not_found", `Cannot find run ${runId}`);
  return {
    status: row.status,
    prompts: row.prompts,
    done: row.done,
    succeeded: row.succeeded,
    failed: row.failed,
    perSecond: row.prompts_per_second === null
      ? null
      : Number(row.prompts_per_second),
    secondsLeft: toSeconds(row.eta),
    seconds: null,
    p50: row.p50_ms,
    p95: row.p95_ms,
    error: row.error,
  };
}

/** Seconds of an interval as the Data API writes it, such as `00:01:30`. */
export function toSeconds(interval: string | null): number | null {
  const parts = /(?:(\d+) days? ?)?(\d+):(\d\d):(\d\d)/.exec(interval ?? "");
  if (!parts) return null;
  const [, days = "0", hours, minutes, seconds] = parts;
  return Number(days) * 86_400 + Number(hours) * 3600 + Number(minutes) * 60 +
    Number(seconds);
}
