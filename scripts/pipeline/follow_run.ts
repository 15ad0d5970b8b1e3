import type { RunId } from "../../supabase/functions/_shared/run_id.ts";
import { delay } from "@std/async/delay";
import type { SupabaseClient } from "@supabase/supabase-js";
import type { RunProgress } from "../demo/run_progress.ts";
import { followProgress } from "../demo/follow_progress.ts";
import { PipelineError } from "../../supabase/functions/_shared/errors.ts";
import { EXIT, type Terminal } from "./command.ts";
import { describeFailures, readFailureGroups } from "./failure_groups.ts";
import { dataOf } from "./project_access.ts";
import { readInterval } from "./read_interval.ts";
import { toVisibleJson } from "./visible_text.ts";

const POLL_MS = 500;

/** Shows how far something is until it is over or paused; undefined: until Ctrl-C. */
export async function followUntilOver<Progress extends RunProgress>(
  read: () => Promise<Progress>,
  terminal: Terminal,
): Promise<Progress | undefined> {
  const stop = new AbortController();
  const interrupted = terminal.interrupted().then(() => {
    stop.abort();
    return undefined;
  });
  const followed = followProgress({
    read,
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
  if (outcome === undefined) followed.catch(() => {});
  return outcome;
}

/**
 * Shows how far a run is until it is over or paused, or until Ctrl-C, which leaves it running.
 *
 * @returns the exit code
 */
export async function followRun(
  client: SupabaseClient,
  runId: RunId,
  terminal: Terminal,
  isJson?: boolean,
): Promise<number> {
  const outcome = await followUntilOver(
    () => readProgress(client, runId),
    terminal,
  );
  if (outcome === undefined) {
    terminal.complain(
      `\nRun ${runId} goes on. Follow it again with: deno task pipeline follow ${runId}`,
    );
    return EXIT.interrupted;
  }
  const { status, error, notice, answers, succeeded, failed } = outcome;
  if (isJson) {
    terminal.print(
      toVisibleJson({ runId, status, succeeded, failed, error, notice }),
    );
  } else {
    terminal.print(
      `Run ${runId} is ${status}: ${succeeded} succeeded, ${failed} failed`,
    );
    if (error) terminal.complain(error);
    if (notice) terminal.complain(notice);
    if (failed > 0 || answers === 0) {
      const groups = await readFailureGroups(client, runId);
      describeFailures(groups.filter(({ final }) => final).slice(0, 5))
        .forEach((line) => terminal.complain(line));
    }
    if (status === "paused") {
      terminal.complain(
        `When that is mended: deno task pipeline resume ${runId}`,
      );
    }
  }
  if (status !== "completed") return EXIT.runNotCompleted;
  return failed > 0 || answers === 0 ? EXIT.somethingFailed : EXIT.done;
}

async function readProgress(
  client: SupabaseClient,
  runId: RunId,
): Promise<RunProgress & { notice: string | null }> {
  const row = dataOf(
    "read pipeline_run_progress",
    // Not the quantiles: they read every answer of the run.
    await client.from("pipeline_run_progress").select(
      "status, answers, repetitions, done, succeeded, failed, prompts_per_second, eta, rests_until, error, notice",
    ).eq("id", runId).maybeSingle(),
  );
  if (!row) throw new PipelineError("not_found", `Cannot find run ${runId}`);
  return { ...toProgress(row), notice: row.notice };
}

/** What is shown of a row of `pipeline_run_progress` or `pipeline_sweep_progress`. */
export function toProgress(row: ProgressRow): RunProgress {
  const left = readInterval(row.eta);
  return {
    status: row.status,
    answers: row.answers,
    repetitions: row.repetitions,
    done: row.done,
    succeeded: row.succeeded,
    failed: row.failed,
    perSecond: row.prompts_per_second === null
      ? null
      : Number(row.prompts_per_second),
    secondsLeft: left === null ? null : left / 1000,
    restsUntil: row.rests_until,
    seconds: null,
    error: row.error,
  };
}

/** What both views have in common. */
interface ProgressRow {
  status: string;
  answers: number;
  repetitions: number;
  done: number;
  succeeded: number;
  failed: number;
  prompts_per_second: number | null;
  eta: string | null;
  rests_until: string | null;
  error: string | null;
}
