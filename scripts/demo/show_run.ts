import { delay } from "@std/async/delay";
import { toVisible } from "../pipeline/visible_text.ts";
import type { Sql } from "postgres";
import { drawPairs } from "./pairs_table.ts";
import { readRunProgress, type RunProgress } from "./run_progress.ts";
import {
  describeSummary,
  readRunSummary,
  type RunSummary,
} from "./run_summary.ts";
import type { Screen } from "./screen.ts";
import { followProgress } from "./follow_progress.ts";

/** What is to be shown. */
export interface RunToShow {
  /** Inserts the run and returns its id. */
  statement: string;
  /** So many prompts with their answers are shown; 0: none. */
  pairCount: number;
}

/**
 * Starts a run, shows it until it has ended, and tells what came of it.
 *
 * @returns its id
 * @throws Error in one line when it does not complete, or nothing succeeds
 */
export async function showRun(
  { statement, pairCount }: RunToShow,
  sql: Sql,
  screen: Screen,
  signal: AbortSignal,
): Promise<string> {
  screen.print();
  screen.print(screen.dim(statement.replace(/^/gm, "  ")));
  screen.print();
  const [{ id }] = await sql.unsafe(statement);
  const progress = await followProgress({
    read: () => readRunProgress(sql, id),
    screen,
    wait: (milliseconds) => delay(milliseconds, { signal }),
    now: () => performance.now(),
  });
  screen.print();
  if (progress.status !== "completed") {
    throw new Error(
      `Cannot complete run ${id}: it is ${progress.status}: ${progress.error}`,
    );
  }
  const summary = await readRunSummary(sql, id, pairCount);
  showResult(id, progress, summary, screen);
  if (progress.succeeded === 0) {
    throw new Error(
      `Cannot show answers of run ${id}: none of ${progress.answers} prompts succeeded`,
    );
  }
  if (pairCount > 0) {
    screen.print(screen.bold("The first pairs (prompt_evaluations)"));
    screen.print(drawPairs(summary.pairs, screen.columns));
    screen.print();
  }
  return id;
}

function showResult(
  runId: string,
  progress: RunProgress,
  summary: RunSummary,
  screen: Screen,
): void {
  screen.print(screen.bold(`Run ${runId} is completed`));
  describeSummary(progress, summary).forEach((line) => screen.print(line));
  screen.print();
  const { losses, failures } = summary;
  if (losses.length > 0) {
    screen.print(screen.bold("What could not be read (pipeline_errors)"));
    losses.forEach(({ message }) => screen.print(`  ${toVisible(message)}`));
    screen.print();
  }
  if (failures.length > 0) {
    screen.print(screen.bold("Why prompts failed (pipeline_errors)"));
    failures.forEach(({ message, count }) =>
      screen.print(`  ${count} × ${toVisible(message)}`)
    );
    screen.print();
  }
}
