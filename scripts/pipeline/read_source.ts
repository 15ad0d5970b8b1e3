import { toObjectName } from "../../supabase/functions/_shared/object_name.ts";
import type { RunPipelineInput } from "../../supabase/functions/_shared/operations/run_pipeline.ts";
import { WrongUsage } from "./command.ts";
import { expectPath } from "./find_files.ts";
import { readJsonLines } from "./json_lines.ts";

type DataSource = RunPipelineInput["dataSource"];

/**
 * The data source that a SOURCE of the command line names: run:ID, sweep:ID, set:NAME@VERSION,
 * table:NAME or SCHEMA.TABLE, a file of prompts, files of this machine, or a bucket and a prefix.
 *
 * @throws {WrongUsage} there is no such file
 */
export async function readSource(
  source: string,
  onlyUnanswered?: boolean,
): Promise<DataSource> {
  const runId = /^run:(\d+)$/.exec(source)?.[1];
  if (runId) return { type: "run", runId, onlyUnanswered };
  if (onlyUnanswered) {
    throw new WrongUsage(
      `Cannot use --only-unanswered with ${source}: it is for run:ID`,
    );
  }
  const sweepId = /^sweep:(\d+)$/.exec(source)?.[1];
  if (sweepId) return { type: "sweep", sweepId };
  if (source.startsWith("set:")) {
    return { type: "set", ...toSetName(source.slice("set:".length)) };
  }
  const table = toTableName(source);
  if (table !== undefined) return { type: "table", table };
  if (source.endsWith(".prompts.jsonl")) {
    const prompts = await readJsonLines(source, {
      readInput: () => Promise.resolve(""),
    });
    // The operation checks them and says what is wrong.
    return { type: "prompts", prompts: prompts as string[] };
  }
  if (/^[./]/.test(source)) {
    await expectPath(source);
    return { type: "local", directory: source };
  }
  const [, bucket, prefix] = /^([^/]+)\/?(.*)$/.exec(source)!;
  return { type: "supabase", bucket, prefix: toObjectName(prefix) };
}

/** `table:NAME`, or a name with a schema before it; a bucket with a dot in its name ends in a slash. */
export function toTableName(source: string): string | undefined {
  if (source.startsWith("table:")) return source.slice("table:".length);
  return /^[a-z_][\w$]*\.("[^"]+"|[\w$ -]+)$/i.test(source) &&
      !source.endsWith(".jsonl") && !source.endsWith(".json")
    ? source
    : undefined;
}

/** The name of a set, and after an @ its version; without one the newest. */
export function toSetName(text: string): { name: string; version?: number } {
  const [, name, version] = /^(.*?)(?:@(\d{1,9}))?$/s.exec(text)!;
  return version ? { name, version: Number(version) } : { name };
}
