import type { Sql } from "postgres";
import type { Pair } from "./pairs_table.ts";
import type { RunProgress } from "./run_progress.ts";

/** What the demo tells about a run that has ended, beside its progress. */
export interface RunSummary {
  inputTokens: number;
  outputTokens: number;
  /** Latency of successful calls in milliseconds. */
  p50: number | null;
  p95: number | null;
  /** Attempts that failed and were made again. */
  retries: number;
  /** Records of archives that could not be read. */
  losses: { path: string; message: string }[];
  /** Why prompts failed for good, the commonest reason first. */
  failures: { message: string; count: number }[];
  /** The first prompts that were answered. */
  pairs: Pair[];
}

/** Reads what is known about a run, with at most `pairCount` pairs. */
export async function readRunSummary(
  sql: Sql,
  runId: string,
  pairCount: number,
): Promise<RunSummary> {
  const [counted] = await sql<
    Pick<
      RunSummary,
      "inputTokens" | "outputTokens" | "p50" | "p95" | "retries"
    >[]
  >`
    select
      run.input_tokens::float as "inputTokens",
      run.output_tokens::float as "outputTokens",
      progress.p50_ms as p50,
      progress.p95_ms as p95,
      (
        select count(*)::integer from pipeline_errors
        where run_id = run.id and not final
      ) as retries
    from pipeline_runs as run
    join pipeline_run_progress as progress on progress.id = run.id
    where run.id = ${runId}
  `;
  const losses = await sql<RunSummary["losses"]>`
    select path, message from pipeline_errors
    where run_id = ${runId} and class = 'unreadable'
    order by path, "offset"
  `;
  const failures = await sql<RunSummary["failures"]>`
    select message, count(*)::integer as count from pipeline_errors
    where run_id = ${runId} and final and stage = 'execute'
    group by message
    order by count desc
    limit 3
  `;
  const pairs = await sql<Pair[]>`
    select prompt, response, duration_ms as duration, tokens_used as tokens
    from prompt_evaluations
    where run_id = ${runId} and success
    order by source ->> 'path', (source ->> 'position')::integer, id
    limit ${pairCount}
  `;
  return { ...counted, losses, failures, pairs };
}

/** The numbers of a run, a fact per line. */
export function describeSummary(
  progress: RunProgress,
  { inputTokens, outputTokens, p50, p95, retries }: RunSummary,
): string[] {
  const { answers, succeeded, failed, seconds } = progress;
  const facts: [string, string][] = [
    ["prompts", `${answers}`],
    ["succeeded", `${succeeded}`],
    ["failed", `${failed}`],
    [
      "latency",
      p50 === null || p95 === null ? "unknown" : `p50 ${p50} ms, p95 ${p95} ms`,
    ],
    ["tokens", `${group(inputTokens)} in, ${group(outputTokens)} out`],
  ];
  if (seconds !== null) facts.push(["time", `${seconds.toFixed(1)} s`]);
  if (retries > 0) {
    facts.push(["retries", `${retries}, for calls that failed at first`]);
  }
  return facts.map(([name, value]) => `  ${name.padEnd(10)}${value}`);
}

/** Digits in groups of three, such as 12,345. */
function group(count: number): string {
  return count.toLocaleString("en-US");
}
