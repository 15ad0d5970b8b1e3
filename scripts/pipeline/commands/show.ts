import type { SupabaseClient } from "@supabase/supabase-js";
import { PipelineError } from "../../../supabase/functions/_shared/errors.ts";
import { type Command, EXIT } from "../command.ts";
import { describeFailures, readFailureGroups } from "../failure_groups.ts";
import { formatCost } from "../format_values.ts";
import { dataOf, openProject } from "../project_access.ts";
import { readArguments, switches } from "../read_arguments.ts";
import { toChoice } from "../stored_results.ts";
import { toVisible, toVisibleJson } from "../visible_text.ts";

export const show: Command = {
  summary: "A run with its errors",
  help: `Usage: deno task pipeline show ID|EXPERIMENT [--json]

Of an experiment the newest run is shown. Errors are grouped by kind: those that were final, then
those that a retry followed. One by one they are in the view pipeline_errors.

Examples:
  deno task pipeline show 7
  deno task pipeline show nightly`,
  async run(args, terminal) {
    const { values, positionals } = readArguments(
      args,
      ["ID|EXPERIMENT"],
      switches("json"),
    );
    const { client } = openProject(terminal);
    const run = await findRun(client, positionals[0]);
    const [errors, experiment_cost] = await Promise.all([
      readFailureGroups(client, run.id),
      readExperimentCost(client, run.experiment_name),
    ]);
    if (values.json) {
      terminal.print(toVisibleJson({ ...run, experiment_cost, errors }));
      return EXIT.done;
    }
    for (const [name, value] of Object.entries({ ...run, experiment_cost })) {
      if (value === null || `${value}` === "") continue;
      const text = name.endsWith("cost") ? formatCost(value as string) : value;
      terminal.print(toVisible(`${name.padEnd(20)}${text}`));
    }
    for (
      const [title, isFinal] of [["Failed", true], ["Tried again", false]]
    ) {
      const groups = errors.filter(({ final }) => final === isFinal);
      if (groups.length === 0) continue;
      terminal.print(`\n${title}`);
      describeFailures(groups).forEach((line) => terminal.print(line));
    }
    return EXIT.done;
  },
};

/** All that an experiment cost, judges and failed calls too; null: unknown, or of several owners. */
async function readExperimentCost(
  client: SupabaseClient,
  name: string,
): Promise<number | null> {
  const rows = dataOf(
    "read experiment_costs",
    await client.from("experiment_costs").select("cost")
      .eq("experiment_name", name),
  );
  return rows.length === 1 ? rows[0].cost : null;
}

/** The progress of a run, or of the newest run of an experiment. */
async function findRun(client: SupabaseClient, text: string) {
  const choice = toChoice(text);
  const query = client.from("pipeline_run_progress").select();
  const runs = dataOf(
    "find the run",
    await ("runId" in choice
      ? query.eq("id", choice.runId)
      : query.eq("experiment_name", choice.experimentName)
        .order("id", { ascending: false })).limit(1),
  );
  if (runs.length > 0) return runs[0];
  throw new PipelineError(
    "not_found",
    `Cannot find ${
      "runId" in choice
        ? `run ${choice.runId}`
        : `a run of experiment "${choice.experimentName}"`
    }. There are: deno task pipeline list`,
  );
}
