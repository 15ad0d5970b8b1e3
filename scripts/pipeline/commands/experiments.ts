import { type Command, EXIT } from "../command.ts";
import { drawTable } from "../draw_table.ts";
import { formatCost } from "../format_values.ts";
import { dataOf, openProject } from "../project_access.ts";
import { readArguments } from "../read_arguments.ts";

export const experiments: Command = {
  summary: "All experiments side by side",
  help: `Usage: deno task pipeline experiments [--json]

Example:
  deno task pipeline experiments`,
  async run(args, terminal) {
    const { values } = readArguments(args, [], { json: { type: "boolean" } });
    const rows = dataOf(
      "list the experiments",
      await openProject(terminal).client.from("experiment_summary").select()
        .order("experiment_name"),
    );
    if (values.json) terminal.print(JSON.stringify(rows));
    else if (rows.length === 0) {
      terminal.complain("There is no experiment yet: start a run");
    } else {
      const shown = rows.map((row) => ({
        experiment: row.experiment_name,
        model: row.model,
        prompts: row.prompts,
        failed: row.prompts - row.succeeded,
        p50: row.p50_ms,
        p95: row.p95_ms,
        cost: formatCost(row.cost),
      }));
      terminal.print(
        drawTable(shown, Object.keys(shown[0]), terminal.columns),
      );
    }
    return EXIT.done;
  },
};
