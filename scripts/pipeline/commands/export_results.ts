import type { SupabaseClient } from "@supabase/supabase-js";
import { type Command, EXIT, type Terminal, WrongUsage } from "../command.ts";
import { dataOf, openProject } from "../project_access.ts";
import { readArguments } from "../read_arguments.ts";
import { type Choice, expectStored, toChoice } from "../stored_results.ts";
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
  "source",
];

export const exportResults: Command = {
  summary: "Print what a run or an experiment has stored",
  help:
    `Usage: deno task pipeline export ID|EXPERIMENT [options] > results.jsonl

Options:
  --format jsonl|csv|markdown   default jsonl: all columns and the scores of each row;
                                csv: a column for the score of each evaluator, or whether it
                                passed, or its error; markdown: a report with the worst answers
  --baseline EXPERIMENT         markdown: compare with this experiment
  --table NAME                  results table (default prompt_evaluations)
  --help

Rows are read page by page, so that their number does not matter. Exit code: 0, or 1 where nothing
is stored.

Examples:
  deno task pipeline export 7 > run-7.jsonl
  deno task pipeline export nightly --format csv > nightly.csv
  deno task pipeline export new --format markdown --baseline old > report.md`,
  async run(args, terminal) {
    const { values, positionals } = readArguments(args, ["ID|EXPERIMENT"], {
      format: { type: "string", default: "jsonl" },
      baseline: { type: "string" },
      table: { type: "string" },
    });
    const { client } = openProject(terminal);
    const choice = toChoice(positionals[0]);
    await expectStored(client, choice, values.table);
    const table = values.table ?? "prompt_evaluations";
    switch (values.format) {
      case "markdown":
        terminal.print(
          writeReport(
            await readReport(client, positionals[0], values.baseline, table),
          ),
        );
        return EXIT.done;
      case "jsonl":
      case "csv":
        await printRows(client, choice, table, values.format, terminal);
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
  choice: Choice,
  table: string,
  format: "jsonl" | "csv",
  terminal: Terminal,
): Promise<void> {
  const evaluators = format === "csv"
    ? await readEvaluators(client, choice)
    : [];
  if (format === "csv") terminal.print(toCsvLine([...COLUMNS, ...evaluators]));
  let after: string | null = null;
  do {
    const page: { rows: Row[]; next: string | null } = dataOf(
      `read ${table}`,
      await client.rpc("export_evaluations", {
        results_table: table,
        ...toColumn(choice),
        after,
      }),
    );
    for (const row of page.rows) {
      terminal.print(
        format === "csv"
          ? toCsvLine([
            ...COLUMNS.map((name) => row[name]),
            ...evaluators.map((name) => toCell((row.scores as Scores)[name])),
          ])
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
  if ("runId" in toChoice(experiment) || table !== "prompt_evaluations") {
    throw new WrongUsage(
      "A report is about an experiment in prompt_evaluations: give its name",
    );
  }
  const names = [experiment, ...baseline === undefined ? [] : [baseline]];
  const [summary, scores, errors, comparison, worse] = await Promise.all([
    client.rpc("summarize_experiments", { names }),
    client.rpc("summarize_experiment_scores", { names }),
    client.from("pipeline_error_groups").select()
      .in("experiment_name", names).order("count", { ascending: false })
      .limit(20),
    baseline === undefined
      ? { data: [], error: null, status: 200 }
      : client.rpc("compare_experiments", { baseline, candidate: experiment }),
    baseline === undefined
      ? { data: { rows: [] }, error: null, status: 200 }
      : client.rpc("browse_experiment_pairs", {
        baseline,
        candidate: experiment,
        show: "worse",
        most: 10,
      }),
  ]);
  return {
    experiment,
    baseline,
    summary: dataOf("read experiment_summary", summary),
    scores: dataOf("read experiment_scores", scores),
    errors: dataOf("read pipeline_error_groups", errors),
    comparison: dataOf("compare the experiments", comparison),
    worse: dataOf("read what became worse", worse).rows,
  };
}

/** The names of the evaluators that scored an experiment, or that of a run. */
async function readEvaluators(
  client: SupabaseClient,
  choice: Choice,
): Promise<string[]> {
  const experiment = "runId" in choice
    ? dataOf(
      `find run ${choice.runId}`,
      await client.from("pipeline_runs").select("experiment_name")
        .eq("id", choice.runId).maybeSingle(),
    )?.experiment_name
    : choice.experimentName;
  const scores = dataOf(
    "read experiment_scores",
    await client.from("experiment_scores").select("evaluator")
      .eq("experiment_name", experiment),
  );
  return [...new Set(scores.map(({ evaluator }) => evaluator as string))]
    .sort();
}

function toColumn(choice: Choice) {
  return "runId" in choice
    ? { run_id: choice.runId }
    : { experiment_name: choice.experimentName };
}

type Scores = Record<
  string,
  { score?: number; passed?: boolean; category?: string; error?: string }
>;

function toCell(grade: Scores[string] | undefined) {
  return grade?.score ?? grade?.passed ?? grade?.category ?? grade?.error;
}
