import type { SupabaseClient } from "@supabase/supabase-js";
import { type Command, EXIT, type Terminal, WrongUsage } from "../command.ts";
import { dataOf, openProject } from "../project_access.ts";
import { readArguments } from "../read_arguments.ts";
import { type ReportData, writeReport } from "../report/write_report.ts";
import { toCsvLine } from "../to_csv_line.ts";

type Row = Record<string, unknown>;

const COLUMNS = [
  "id",
  "run_id",
  "prompt_key",
  "prompt",
  "response",
  "model",
  "success",
  "error",
  "timestamp",
  "duration_ms",
  "tokens_used",
  "cost",
  "reference",
  "experiment_name",
  "tags",
  "metadata",
  "scores",
];

export const exportResults: Command = {
  summary: "Print what a run or an experiment has stored",
  help:
    `Usage: deno task pipeline export ID|EXPERIMENT [options] > results.jsonl

Options:
  --format jsonl|csv|markdown   default jsonl: all columns and the scores of each row;
                                markdown: a report with tables and charts
  --baseline EXPERIMENT         markdown: compare with this experiment
  --table NAME                  results table (default prompt_evaluations)
  --help

Rows are read page by page, so that their number does not matter.

Examples:
  deno task pipeline export 7 > run-7.jsonl
  deno task pipeline export nightly --format csv > nightly.csv
  deno task pipeline export new --format markdown --baseline old > report.md`,
  async run(args, terminal) {
    const { values, positionals } = readArguments(args, ["ID|EXPERIMENT"], {
      format: { type: "string", default: "jsonl" },
      baseline: { type: "string" },
      table: { type: "string", default: "prompt_evaluations" },
    });
    const { client } = openProject(terminal);
    const [choice] = positionals;
    switch (values.format) {
      case "markdown":
        terminal.print(
          writeReport(
            await readReport(client, choice, values.baseline, values.table),
          ),
        );
        return EXIT.done;
      case "jsonl":
      case "csv":
        await printRows(client, choice, values.table, values.format, terminal);
        return EXIT.done;
      default:
        throw new WrongUsage(
          `Cannot use --format ${values.format}: jsonl, csv or markdown`,
        );
    }
  },
};

async function printRows(
  client: SupabaseClient,
  choice: string,
  table: string,
  format: "jsonl" | "csv",
  terminal: Terminal,
): Promise<void> {
  if (format === "csv") terminal.print(toCsvLine(COLUMNS));
  let after: string | null = null;
  do {
    const page: { rows: Row[]; next: string | null } = dataOf(
      `read ${table}`,
      await client.rpc("export_evaluations", {
        results_table: table,
        ...isRunId(choice)
          ? { run_id: Number(choice) }
          : { experiment_name: choice },
        after,
      }),
    );
    for (const row of page.rows) {
      terminal.print(
        format === "csv"
          ? toCsvLine(COLUMNS.map((name) => row[name]))
          : JSON.stringify(row),
      );
    }
    after = page.next;
  } while (after !== null);
}

async function readReport(
  client: SupabaseClient,
  experiment: string,
  baseline: string | undefined,
  table: string,
): Promise<ReportData> {
  if (isRunId(experiment) || table !== "prompt_evaluations") {
    throw new WrongUsage(
      "A report is about an experiment in prompt_evaluations: give its name",
    );
  }
  const names = [experiment, ...baseline === undefined ? [] : [baseline]];
  const [summary, scores, errors, comparison] = await Promise.all([
    client.rpc("summarize_experiments", { names }),
    client.rpc("summarize_experiment_scores", { names }),
    client.from("pipeline_error_groups").select()
      .in("experiment_name", names).order("count", { ascending: false })
      .limit(20),
    baseline === undefined
      ? { data: [], error: null, status: 200 }
      : client.rpc("compare_experiments", { baseline, candidate: experiment }),
  ]);
  return {
    experiment,
    baseline,
    summary: dataOf("read experiment_summary", summary),
    scores: dataOf("read experiment_scores", scores),
    errors: dataOf("read pipeline_error_groups", errors),
    comparison: dataOf("compare the experiments", comparison),
  };
}

function isRunId(text: string): boolean {
  return /^\d{1,15}$/.test(text);
}
