import type { SupabaseClient } from "@supabase/supabase-js";
import { PipelineError } from "../../supabase/functions/_shared/errors.ts";
import { dataOf } from "./project_access.ts";

/** A run by its id, or else an experiment by its name and owner, null: the project's own. */
export type Choice =
  | { runId: number }
  | { experimentName: string; owner: string | null };

/** Digits are the id of a run. */
export function toChoice(text: string, owner: string | null = null): Choice {
  return /^\d{1,15}$/.test(text)
    ? { runId: Number(text) }
    : { experimentName: text, owner };
}

/**
 * Makes sure that a results table, of a run by default its own, holds something
 * of a run or an experiment: nothing that finds nothing may look like success.
 *
 * @returns the table's name
 * @throws {PipelineError} `not_found`, with what there is instead
 */
export async function expectStored(
  client: SupabaseClient,
  choice: Choice,
  given?: string,
): Promise<string> {
  const table = given ?? await findTable(client, choice);
  const rows = client.from(table).select("id").limit(1);
  const found = dataOf(
    `read ${table}`,
    await ("runId" in choice
      ? rows.eq("run_id", choice.runId)
      : rows.eq("experiment_name", choice.experimentName)
        .filter("owner", choice.owner === null ? "is" : "eq", choice.owner)),
  );
  if (found.length > 0) return table;
  throw new PipelineError(
    "not_found",
    "runId" in choice
      ? await describeMissingRun(client, choice.runId, table)
      : await describeMissingExperiment(client, choice.experimentName, table),
  );
}

async function findTable(
  client: SupabaseClient,
  choice: Choice,
): Promise<string> {
  const [run] = "runId" in choice
    ? dataOf(
      `find run ${choice.runId}`,
      await client.from("pipeline_runs").select("results_table")
        .eq("id", choice.runId),
    )
    : [];
  return run?.results_table ?? "prompt_evaluations";
}

async function describeMissingRun(
  client: SupabaseClient,
  runId: number,
  table: string,
): Promise<string> {
  const run = dataOf(
    `find run ${runId}`,
    await client.from("pipeline_runs").select("status, notice, results_table")
      .eq("id", runId),
  )[0];
  if (!run) {
    return `Cannot find run ${runId}. The newest: deno task pipeline list`;
  }
  const elsewhere = run.results_table === table
    ? ""
    : `; its results are in ${run.results_table}: give --table ${run.results_table}`;
  return `Run ${runId} is ${run.status} and has stored nothing in ${table}${elsewhere}${
    run.notice ? `. ${run.notice}` : ""
  }`;
}

async function describeMissingExperiment(
  client: SupabaseClient,
  name: string,
  table: string,
): Promise<string> {
  const experiments: { experiment_name: string }[] = dataOf(
    "list the experiments",
    await client.rpc("list_experiments").limit(20),
  );
  const names = experiments.map((row) => `"${row.experiment_name}"`);
  return `Cannot find experiment "${name}" in ${table}. ${
    names.length > 0 ? `There are ${names.join(", ")}` : "There is none yet"
  }`;
}
