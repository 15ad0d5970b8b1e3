import type { SupabaseClient } from "@supabase/supabase-js";
import { readAll } from "../../project/read_all.ts";
import { type Command, EXIT } from "../command.ts";
import { formatCost } from "../format_values.ts";
import { dataOf, openProject } from "../project_access.ts";
import { readArguments, switches } from "../read_arguments.ts";
import { showRows } from "../show_rows.ts";

/** Their rows stay below the 1,000 that a project gives at once. */
const EXPERIMENTS_OF_A_CALL = 100;

interface Named {
  experiment_name: string;
  owner: string | null;
}

/** A row of summarize_experiments(), as far as it is shown. */
interface Summary extends Named {
  model: string | null;
  prompts: number;
  answers: number;
  succeeded: number;
  p50_ms: number | null;
  p95_ms: number | null;
}

export const experiments: Command = {
  summary: "All experiments side by side",
  help: `Usage: deno task pipeline experiments [--json]

The cost is that of the whole experiment: answers, judges and calls that failed; nothing is shown where
no price is known.

Example:
  deno task pipeline experiments`,
  async run(args, terminal) {
    const { values } = readArguments(args, [], switches("json"));
    const { client } = openProject(terminal);
    const listed = await readAll<Named>(async (from, to) =>
      dataOf(
        "list the experiments",
        await client.rpc("list_experiments").range(from, to),
      )
    );
    const names = [...new Set(listed.map((row) => row.experiment_name))].sort();
    const rows = [];
    for (let from = 0; from < names.length; from += EXPERIMENTS_OF_A_CALL) {
      rows.push(
        ...await addUp(
          client,
          names.slice(from, from + EXPERIMENTS_OF_A_CALL),
        ),
      );
    }
    showRows(rows, {
      json: values.json,
      none: "There is no experiment yet: start a run",
      toCells: (row) => ({
        experiment: row.experiment_name,
        model: row.model,
        prompts: row.prompts,
        failed: row.answers - row.succeeded,
        p50: row.p50_ms,
        p95: row.p95_ms,
        cost: formatCost(row.experiment_cost),
      }),
    }, terminal);
    return EXIT.done;
  },
};

/** Experiments with one of their models each, and what the experiment cost in all. */
async function addUp(client: SupabaseClient, names: string[]) {
  const [summary, costs] = await Promise.all([
    client.rpc("summarize_experiments", { names })
      .order("experiment_name").order("model").order("owner"),
    client.rpc("summarize_experiment_costs", { names }),
  ]);
  const summed: Summary[] = dataOf("add up the experiments", summary);
  const known: (Named & { cost: number | null })[] = dataOf(
    "read what they cost",
    costs,
  );
  return summed.map((row) => ({
    ...row,
    experiment_cost:
      known.find(({ experiment_name, owner }) =>
        experiment_name === row.experiment_name && owner === row.owner
      )?.cost ?? null,
  }));
}
