import type { SupabaseClient } from "@supabase/supabase-js";
import { writeComparisonFile } from "../../dashboard/write_comparison_file.ts";
import { type Command, EXIT, WrongUsage } from "../command.ts";
import { call, dataOf, openProject } from "../project_access.ts";
import { readArguments, texts } from "../read_arguments.ts";
import { type Choice, expectStored, toChoice } from "../stored_results.ts";
import { readReport } from "../report/read_report.ts";
import { writeReport } from "../report/write_report.ts";
import { toCsvLine } from "../to_csv_line.ts";
import { toVisibleJson } from "../visible_text.ts";

type Row = Record<string, unknown>;

const COLUMNS = [
  "id",
  "run_id",
  "prompt_key",
  "prompt",
  "response",
  "tool_calls",
  "model",
  "success",
  "error",
  "timestamp",
  "duration_ms",
  "tokens_used",
  "cost",
  "reference",
  "passages",
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
  --format jsonl|csv|markdown|html
                                default jsonl: all columns and the scores of each row;
                                csv: a column for the score of each evaluator, or whether it
                                passed, or its error; markdown: a report with the worst answers;
                                html: the comparison with --baseline as one page to send around
  --baseline EXPERIMENT         markdown, html: compare with this experiment
  --table NAME                  results table (default: the run's, or prompt_evaluations)
  --owner USER                  the experiment of this user, by id (default: the project's own)

Rows are read page by page, so that their number does not matter. Exit code: 0, or 1 where nothing
is stored.

Examples:
  deno task pipeline export 7 > run-7.jsonl
  deno task pipeline export nightly --format csv > nightly.csv
  deno task pipeline export new --format markdown --baseline old > report.md
  deno task pipeline export new --format html --baseline old > report.html`,
  async run(args, terminal) {
    const { values, positionals } = readArguments(args, ["ID|EXPERIMENT"], {
      ...texts("baseline", "table", "owner"),
      format: { type: "string", default: "jsonl" },
    });
    const { client, connection } = openProject(terminal);
    const owner = values.owner ?? null;
    const choice = toChoice(positionals[0], owner);
    const table = await expectStored(client, choice, values.table);
    switch (values.format) {
      case "markdown":
        terminal.print(
          writeReport(
            await readReport(client, {
              experiment: expectExperiment(choice, table),
              baseline: values.baseline,
              owner,
            }),
          ),
        );
        return EXIT.done;
      case "html":
        if (values.baseline === undefined) {
          throw new WrongUsage("Give --baseline: a page shows two experiments");
        }
        terminal.print(
          await writeComparisonFile(connection, {
            candidate: expectExperiment(choice, table),
            baseline: values.baseline,
            owner,
          }),
        );
        return EXIT.done;
      case "jsonl":
        for await (const row of readRows(client, choice, table)) {
          terminal.print(toVisibleJson(row));
        }
        return EXIT.done;
      case "csv": {
        const evaluators = await readEvaluators(client, choice);
        terminal.print(toCsvLine([...COLUMNS, ...evaluators]));
        for await (const row of readRows(client, choice, table)) {
          terminal.print(toCsvLine([
            ...COLUMNS.map((name) => row[name]),
            ...evaluators.map((name) => toCell((row.scores as Scores)[name])),
          ]));
        }
        return EXIT.done;
      }
      default:
        throw new WrongUsage(
          `Cannot use --format ${values.format}: jsonl, csv, markdown or html`,
        );
    }
  },
};

/** @throws {WrongUsage} a report cannot be about it */
function expectExperiment(choice: Choice, table: string): string {
  if ("experimentName" in choice && table === "prompt_evaluations") {
    return choice.experimentName;
  }
  throw new WrongUsage(
    "A report is about an experiment in prompt_evaluations: give its name",
  );
}

/** All rows, page by page. */
async function* readRows(
  client: SupabaseClient,
  choice: Choice,
  table: string,
): AsyncGenerator<Row> {
  let after: string | null = null;
  do {
    const page: { rows: Row[]; next: string | null } = await call(
      client,
      `read ${table}`,
      "export_evaluations",
      {
        results_table: table,
        ..."runId" in choice ? { run_id: choice.runId } : {
          experiment_name: choice.experimentName,
          owner: choice.owner,
        },
        after,
      },
    );
    yield* page.rows;
    after = page.next;
  } while (after !== null);
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

type Scores = Record<
  string,
  { score?: number; passed?: boolean; category?: string; error?: string }
>;

function toCell(grade: Scores[string] | undefined) {
  return grade?.score ?? grade?.passed ?? grade?.category ?? grade?.error;
}
