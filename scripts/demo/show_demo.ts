import { fileURLToPath } from "node:url";
import { stripVTControlCharacters } from "node:util";
import type { Sql } from "postgres";
import { describeShells, describeStack } from "../local/describe_stack.ts";
import { announceStack } from "../local/running_stack.ts";
import {
  behaveAsOtherModel,
  otherSimulatedModel,
  startSimulatedModel,
  toSimulatedEndpoint,
} from "../local/simulated_model.ts";
import { type Stack, startStack } from "../local/stack.ts";
import { uploadAllFiles } from "../pipeline/upload_files.ts";
import {
  type ComparisonRow,
  describeComparison,
  describeScores,
  writeComparisonStatement,
} from "./comparison.ts";
import type { DemoOptions } from "./demo_options.ts";
import {
  addEndpoint,
  type EndpointRow,
  type ModelChoice,
  toEndpoint,
} from "./model_choice.ts";
import { stepsAfterwards, stepsMeanwhile } from "./next_steps.ts";
import { writeRepeatStatement, writeRunStatement } from "./run_statement.ts";
import { scoreRuns, writeScoringStatement } from "./score_runs.ts";
import type { Screen } from "./screen.ts";
import { showRun } from "./show_run.ts";

const BUCKET = "conversation-archives";

/** Where the demo's archives live in this clone. */
export const ARCHIVES: string = fileURLToPath(
  new URL("./archives", import.meta.url),
);

/**
 * Shows the whole way on this machine: start, upload, one row, progress, result,
 * and the same prompts with another model.
 *
 * @param signal ends the demo early, or the time that --keep adds
 * @throws Error in one line when a part does not start or a run does not
 *   complete; the signal's reason when it was ended. Nothing is left running.
 */
export async function showDemo(
  { keep, port, dataDir, maxPrompts, model }: DemoOptions,
  screen: Screen,
  signal: AbortSignal,
): Promise<void> {
  screen.print(screen.bold("prompt-pipeline demo"));
  screen.print(describeModel(model));
  screen.print();

  await using cleanup = new AsyncDisposableStack();
  const stack = await startSupabase({
    // The usual ports are for those who come to look.
    port: port ?? (keep ? undefined : 0),
    dataDir,
  }, screen);
  cleanup.defer(stack.stop);
  signal.throwIfAborted();
  const { endpoint, other } = await openModels(model, cleanup);
  const apiKey = model.kind === "real" ? model.apiKey : undefined;
  await addEndpoint(stack.sql, endpoint, apiKey);
  await upload(stack, screen);

  screen.print("One row starts a run:");
  const statement = writeRunStatement({
    bucket: BUCKET,
    endpoint: endpoint.name,
    maxPrompts,
  });
  const run = { statement, pairCount: 3 };
  const runId = await showRun(run, stack.sql, screen, signal);
  if (other) {
    other.begin();
    screen.print("Another row sends the same prompts to another model:");
    const statement = writeRepeatStatement(runId, endpoint.name, other.model);
    const repeat = { statement, pairCount: 0 };
    const otherId = await showRun(repeat, stack.sql, screen, signal);
    await score([runId, otherId], stack.sql, screen, signal);
    await compare(runId, otherId, stack.sql, screen);
  }
  if (keep) {
    await stayUp(stack, endpoint.name, dataDir !== undefined, screen, signal);
  } else showSteps("Three things to try next", stepsAfterwards, screen);
}

function describeModel(model: ModelChoice): string {
  return model.kind === "real"
    ? `Everything runs on this machine; ${model.model} at ${model.url} answers.`
    : `Everything runs on this machine. The answers come from a simulator, not from a
model: to ask a real one, set MODEL_ENDPOINT, MODEL and MODEL_API_KEY.`;
}

async function startSupabase(
  where: { port?: number; dataDir?: string },
  screen: Screen,
): Promise<Stack> {
  const started = performance.now();
  screen.update("Starting PostgreSQL, REST, Storage and the functions …");
  const stack = await startStack({
    ...where,
    // What the workers tell would stand between the lines of the progress.
    functionEnv: { PIPELINE_LOG_LEVEL: "error" },
    log: (line) =>
      screen.print(screen.dim(`  ${stripVTControlCharacters(line)}`)),
  });
  const seconds = ((performance.now() - started) / 1_000).toFixed(1);
  screen.print(
    `Started PostgreSQL, REST, Storage and the functions in ${seconds} s`,
  );
  return stack;
}

/** An endpoint, and the second model there that the first is compared with. */
interface Models {
  endpoint: EndpointRow;
  other?: { model: string; begin(): void };
}

async function openModels(
  model: ModelChoice,
  cleanup: AsyncDisposableStack,
): Promise<Models> {
  if (model.kind === "real") {
    const { otherModel } = model;
    return {
      endpoint: toEndpoint(model),
      other: otherModel ? { model: otherModel, begin() {} } : undefined,
    };
  }
  const simulator = await startSimulatedModel();
  cleanup.defer(simulator.stop);
  return {
    endpoint: toSimulatedEndpoint(simulator),
    other: {
      model: otherSimulatedModel,
      begin: () => behaveAsOtherModel(simulator),
    },
  };
}

async function upload(stack: Stack, screen: Screen): Promise<void> {
  const archives = await uploadAllFiles([ARCHIVES], stack, {
    bucket: BUCKET,
    prefix: "samples/",
    fetch,
  });
  screen.print(`Uploaded ${archives.length} archives to the bucket ${BUCKET}`);
  for (const { path, bytes } of archives) {
    const kilobytes = `${Math.ceil(bytes / 1_000)} kB`;
    screen.print(`  ${path.padEnd(24)}${kilobytes.padStart(7)}`);
  }
  screen.print();
}

async function score(
  runIds: string[],
  sql: Sql,
  screen: Screen,
  signal: AbortSignal,
): Promise<void> {
  const statement = writeScoringStatement(runIds, "rouge-l");
  screen.print(
    "Both are scored by how near they come to the archived answers:",
  );
  screen.print(screen.dim(`  ${statement}`));
  screen.print();
  await scoreRuns(sql, statement, signal);
}

async function compare(
  baselineId: string,
  candidateId: string,
  sql: Sql,
  screen: Screen,
): Promise<void> {
  const statement = writeComparisonStatement(
    `run ${baselineId}`,
    `run ${candidateId}`,
  );
  const [answers, ...scores] = await sql.unsafe<ComparisonRow[]>(statement);
  screen.print(
    screen.bold(`Run ${candidateId} against run ${baselineId}, by prompt`),
  );
  screen.print(screen.dim(`  ${statement}`));
  describeComparison(answers).forEach((line) => screen.print(line));
  describeScores(scores).forEach((line) => screen.print(line));
  screen.print();
}

async function stayUp(
  stack: Stack,
  endpoint: string,
  keepsData: boolean,
  screen: Screen,
  signal: AbortSignal,
): Promise<void> {
  const { file, retract } = await announceStack(stack);
  screen.print(describeStack(stack));
  screen.print();
  const steps = stepsMeanwhile(stack, endpoint);
  showSteps("Three things to try now", steps, screen);
  screen.print();
  screen.print(
    `Still running. ${describeShells(file)}
Ctrl-C stops it${keepsData ? "" : " and forgets the data"}.`,
  );
  await new Promise((end) => signal.addEventListener("abort", end));
  await retract();
}

function showSteps(title: string, steps: string[], screen: Screen): void {
  screen.print(screen.bold(title));
  steps.forEach((line) => screen.print(`  ${line}`));
}
