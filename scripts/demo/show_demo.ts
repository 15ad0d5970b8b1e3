import { setTimeout } from "node:timers/promises";
import { stripVTControlCharacters } from "node:util";
import type { Sql } from "postgres";
import { type Stack, startStack } from "../local/stack.ts";
import type { DemoOptions } from "./demo_options.ts";
import {
  addEndpoint,
  type EndpointRow,
  type ModelChoice,
  toEndpoint,
} from "./model_choice.ts";
import { stepsAfterwards, stepsMeanwhile } from "./next_steps.ts";
import { drawPairs } from "./pairs_table.ts";
import { readRunProgress, type RunProgress } from "./run_progress.ts";
import { writeRunStatement } from "./run_statement.ts";
import {
  describeSummary,
  readRunSummary,
  type RunSummary,
} from "./run_summary.ts";
import type { Screen } from "./screen.ts";
import { startSimulatedModel, toSimulatedEndpoint } from "./simulated_model.ts";
import { sampleArchives, uploadArchives } from "./upload_archives.ts";
import { watchRun } from "./watch_run.ts";

const BUCKET = "conversation-archives";
const PAIRS = 3;

/**
 * Shows the whole way on this machine: start, upload, one row, progress, result.
 *
 * @param signal ends the demo early, or the time that --keep adds
 * @throws Error in one line when a part does not start or the run does not
 *   complete; the signal's reason when it was ended. Nothing is left running.
 */
export async function showDemo(
  { keep, maxPrompts, model }: DemoOptions,
  screen: Screen,
  signal: AbortSignal,
): Promise<void> {
  screen.print(screen.bold("prompt-pipeline demo"));
  screen.print(describeModel(model));
  screen.print();

  await using cleanup = new AsyncDisposableStack();
  const stack = await startSupabase(keep, screen);
  cleanup.defer(stack.stop);
  signal.throwIfAborted();
  const endpoint = await openModel(model, cleanup);
  const apiKey = model.kind === "real" ? model.apiKey : undefined;
  await addEndpoint(stack.sql, endpoint, apiKey);
  await upload(stack, screen);

  const statement = writeRunStatement({
    bucket: BUCKET,
    endpoint: endpoint.name,
    maxPrompts,
  });
  const runId = await run(statement, stack.sql, screen, signal);

  if (!keep) {
    screen.print(screen.bold("Three things to try next"));
    stepsAfterwards.forEach((line) => screen.print(`  ${line}`));
    return;
  }
  screen.print(screen.bold("Three things to try now"));
  stepsMeanwhile(stack, runId, endpoint.name)
    .forEach((line) => screen.print(`  ${line}`));
  screen.print();
  screen.print("Still running. Ctrl-C stops it and forgets the data.");
  await new Promise((end) => signal.addEventListener("abort", end));
}

function describeModel(model: ModelChoice): string {
  return model.kind === "real"
    ? `Everything runs on this machine; ${model.model} at ${model.url} answers.`
    : `Everything runs on this machine. The answers come from a simulator, not from a
model: to ask a real one, set MODEL_ENDPOINT, MODEL and MODEL_API_KEY.`;
}

async function startSupabase(keep: boolean, screen: Screen): Promise<Stack> {
  const started = performance.now();
  screen.update("Starting PostgreSQL, REST, Storage and the functions …");
  const stack = await startStack({
    // The usual ports are for those who come to look.
    port: keep ? undefined : 0,
    log: (line) =>
      screen.print(screen.dim(`  ${stripVTControlCharacters(line)}`)),
  });
  const seconds = ((performance.now() - started) / 1_000).toFixed(1);
  screen.print(
    `Started PostgreSQL, REST, Storage and the functions in ${seconds} s`,
  );
  return stack;
}

async function openModel(
  model: ModelChoice,
  cleanup: AsyncDisposableStack,
): Promise<EndpointRow> {
  if (model.kind === "real") return toEndpoint(model);
  const simulator = await startSimulatedModel();
  cleanup.defer(simulator.stop);
  return toSimulatedEndpoint(simulator);
}

async function upload(stack: Stack, screen: Screen): Promise<void> {
  const archives = await uploadArchives(stack, BUCKET, sampleArchives);
  screen.print(`Uploaded ${archives.length} archives to the bucket ${BUCKET}`);
  for (const { path, size } of archives) {
    const kilobytes = `${Math.ceil(size / 1_000)} kB`;
    screen.print(`  ${path.padEnd(24)}${kilobytes.padStart(7)}`);
  }
  screen.print();
}

/** Starts a run, shows it until it has ended, and tells what came of it. */
async function run(
  statement: string,
  sql: Sql,
  screen: Screen,
  signal: AbortSignal,
): Promise<string> {
  screen.print("One row starts a run:");
  screen.print();
  screen.print(screen.dim(statement.replace(/^/gm, "  ")));
  screen.print();
  const [{ id }] = await sql.unsafe(statement);
  const progress = await watchRun({
    read: () => readRunProgress(sql, id),
    screen,
    wait: (milliseconds) => setTimeout(milliseconds, undefined, { signal }),
    now: () => performance.now(),
  });
  screen.print();
  if (progress.status !== "completed") {
    throw new Error(
      `Cannot complete run ${id}: it is ${progress.status}: ${progress.error}`,
    );
  }
  showResult(id, progress, await readRunSummary(sql, id, PAIRS), screen);
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
  const { losses, failures, pairs } = summary;
  if (losses.length > 0) {
    screen.print(screen.bold("What could not be read (pipeline_errors)"));
    losses.forEach(({ message }) => screen.print(`  ${message}`));
    screen.print();
  }
  if (failures.length > 0) {
    screen.print(screen.bold("Why prompts failed (pipeline_errors)"));
    failures.forEach(({ message, count }) =>
      screen.print(`  ${count} × ${message}`)
    );
    screen.print();
  }
  if (progress.succeeded === 0) {
    throw new Error(
      `Cannot show answers of run ${runId}: none of ${progress.prompts} prompts succeeded`,
    );
  }
  screen.print(screen.bold("The first pairs (prompt_evaluations)"));
  screen.print(drawPairs(pairs, screen.columns));
  screen.print();
}
