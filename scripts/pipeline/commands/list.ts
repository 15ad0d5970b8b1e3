import { type Command, EXIT, WrongUsage } from "../command.ts";
import { cut } from "../draw_table.ts";
import { formatCost, formatRest, formatTime } from "../format_values.ts";
import { dataOf, openProject } from "../project_access.ts";
import { readArguments, switches, texts, toNumber } from "../read_arguments.ts";
import { showRows } from "../show_rows.ts";

const COLUMNS =
  "id, experiment_name, kind:source->>type, endpoint, model, status, prompts:extracted, succeeded, failed, input_tokens, output_tokens, cost, rests_until, started_at, finished_at, error, notice";

const STATUSES = [
  "queued",
  "running",
  "paused",
  "completed",
  "failed",
  "cancelled",
];

export const list: Command = {
  summary: "The newest runs",
  help: `Usage: deno task pipeline list [options]

Options:
  --experiment NAME   only runs of this experiment
  --status STATUS     ${STATUSES.join(", ")}
  --limit N           default 20
  --json

The kind of a run is the type of its source; a run of kind "evaluations" scores what another has
stored. Below the table is why a run failed or is paused, until when it rests, and its notice.

Examples:
  deno task pipeline list --limit 5
  deno task pipeline list --experiment nightly --status paused`,
  async run(args, terminal) {
    const { values } = readArguments(args, [], {
      ...texts("experiment", "status"),
      ...switches("json"),
      limit: { type: "string", default: "20" },
    });
    let query = openProject(terminal).client.from("pipeline_runs").select(
      COLUMNS,
    ).order("id", { ascending: false });
    if (values.experiment) {
      query = query.eq("experiment_name", values.experiment);
    }
    if (values.status) {
      if (!STATUSES.includes(values.status)) {
        throw new WrongUsage(
          `Cannot use --status ${values.status}: give ${STATUSES.join(", ")}`,
        );
      }
      query = query.eq("status", values.status);
    }
    const rows = dataOf(
      "list the runs",
      await query.limit(toNumber("limit", values.limit)!),
    );
    showRows(rows, {
      json: values.json,
      none: "There is no such run",
      toCells: (row) => ({
        id: row.id,
        experiment: row.experiment_name,
        kind: row.kind,
        model: row.model ?? row.endpoint,
        status: row.status,
        done: `${Number(row.succeeded) + Number(row.failed)}/${row.prompts}`,
        failed: row.failed,
        // Without prices it is 0, which is to say that nobody knows.
        cost: Number(row.cost) === 0 ? "" : formatCost(row.cost),
        started: formatTime(row.started_at),
      }),
    }, terminal);
    if (!values.json) {
      describeRemarks(rows, terminal.columns).forEach(terminal.print);
    }
    return EXIT.done;
  },
};

/** A line for each run of which there is more to say than the table does. */
export function describeRemarks(
  runs: {
    id: number;
    status: string;
    error: string | null;
    notice: string | null;
    rests_until: string | null;
  }[],
  columns: number,
  now = Date.now(),
): string[] {
  return runs.flatMap(({ id, status, error, notice, rests_until }) => {
    const rest = status === "running" ? formatRest(rests_until, now) : "";
    const remark = [error, rest, notice].filter(Boolean).join(". ");
    return remark === "" ? [] : [
      cut(`Run ${id}: ${remark.replace(/\s+/g, " ")}`, columns),
    ];
  });
}
