import type { SupabaseClient } from "@supabase/supabase-js";
import type { RunProgress } from "../demo/run_progress.ts";
import { PipelineError } from "../../supabase/functions/_shared/errors.ts";
import type { RunId } from "../../supabase/functions/_shared/run_id.ts";
import { EXIT, type Terminal } from "./command.ts";
import { drawTable } from "./draw_table.ts";
import { followUntilOver, toProgress } from "./follow_run.ts";
import { formatCost } from "./format_values.ts";
import { dataOf } from "./project_access.ts";
import { toVisible, toVisibleJson } from "./visible_text.ts";

/**
 * Shows how far a sweep is until it is over or paused, or until Ctrl-C, which leaves it running, and
 * then its runs.
 *
 * @returns the exit code
 */
export async function followSweep(
  client: SupabaseClient,
  sweepId: RunId,
  terminal: Terminal,
  isJson?: boolean,
): Promise<number> {
  const outcome = await followUntilOver(
    () => readProgress(client, sweepId),
    terminal,
  );
  if (outcome === undefined) {
    terminal.complain(
      `\nSweep ${sweepId} goes on. Follow it again with: deno task pipeline follow sweep:${sweepId}`,
    );
    return EXIT.interrupted;
  }
  const runs = dataOf(
    "read the runs of the sweep",
    await client.from("pipeline_runs").select(
      "id, experiment_name, status, succeeded, failed, cost",
    ).eq("sweep_id", sweepId).not("endpoint", "is", null).order("id"),
  );
  const { status, error, answers, failed, isMixed } = outcome;
  if (isJson) terminal.print(toVisibleJson({ sweepId, status, error, runs }));
  else {
    const shown = runs.map((run) => ({ ...run, cost: formatCost(run.cost) }));
    terminal.print(drawTable(shown, terminal.columns));
    terminal.print(`Sweep ${sweepId} is ${status}`);
    if (error) terminal.complain(toVisible(error));
    if (status === "paused") {
      terminal.complain(
        `When that is mended: deno task pipeline resume sweep:${sweepId}`,
      );
    }
  }
  if (status !== "completed") return EXIT.runNotCompleted;
  return failed > 0 || answers === 0 || isMixed
    ? EXIT.somethingFailed
    : EXIT.done;
}

async function readProgress(
  client: SupabaseClient,
  sweepId: RunId,
): Promise<RunProgress & { isMixed: boolean }> {
  const row = dataOf(
    "read pipeline_sweep_progress",
    await client.from("pipeline_sweep_progress").select()
      .eq("id", sweepId).maybeSingle(),
  );
  if (!row) {
    throw new PipelineError("not_found", `Cannot find sweep ${sweepId}`);
  }
  return { ...toProgress(row), isMixed: row.completed < row.variants };
}
