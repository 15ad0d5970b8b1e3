import { readAll } from "../../project/read_all.ts";
import { type Command, EXIT } from "../command.ts";
import { formatCost } from "../format_values.ts";
import { dataOf, openProject } from "../project_access.ts";
import { readArguments, switches } from "../read_arguments.ts";
import { showRows } from "../show_rows.ts";

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
    const names = [...new Set(listed.map((row) => row.experiment_name))];
    const [summary, costs] = await Promise.all([
      client.rpc("summarize_experiments", { names }).order("experiment_name"),
      client.from("experiment_costs").select(),
    ]);
    const known = dataOf("read experiment_costs", costs);
    const summed: Summary[] = dataOf("add up the experiments", summary);
    const rows = summed.map((row) => ({
      ...row,
      experiment_cost:
        known.find(({ experiment_name, owner }) =>
          experiment_name === row.experiment_name && owner === row.owner
        )?.cost ?? null,
    }));
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
