import { OPERATIONS } from "../../../supabase/functions/_shared/operations/operations.ts";
import { type Command, EXIT } from "../command.ts";
import { drawTable } from "../draw_table.ts";
import { toJson } from "../endpoint_options.ts";
import { dataOf, openProject } from "../project_access.ts";
import { readArguments } from "../read_arguments.ts";
import { toVisibleJson } from "../visible_text.ts";

/** A run by its id, or else an experiment by its name. */
function toChoice(text: string) {
  return /^\d{1,15}$/.test(text)
    ? { runId: Number(text) }
    : { experimentName: text };
}

export const evaluate: Command = {
  summary: "Score what a run or an experiment has stored",
  help:
    `Usage: deno task pipeline evaluate ID|EXPERIMENT --evaluators JSON [options]

Options:
  --evaluators JSON   names and objects as docs/evaluators.md lists them
  --table NAME        the results table of an experiment
  --json              summary, scores and errors as JSON
  --help

Exit code: 0 all is scored, 3 some could not be, 1 nothing could be done, 2 wrong usage.

Examples:
  deno task pipeline evaluate 7 --evaluators '["exact-match"]'
  deno task pipeline evaluate nightly --evaluators '[{"type": "regex", "pattern": "^Yes"}]'`,
  async run(args, terminal) {
    const { values, positionals } = readArguments(args, ["ID|EXPERIMENT"], {
      evaluators: { type: "string" },
      table: { type: "string" },
      json: { type: "boolean" },
    });
    const answer = await OPERATIONS.evaluate_results.run({
      ...toChoice(positionals[0]),
      evaluators: toJson("evaluators", values.evaluators),
      supabaseTable: values.table,
    }, openProject(terminal).services);
    terminal.print(
      values.json ? toVisibleJson(answer) : drawTable(answer.summary, [
        "evaluator",
        "scored",
        "errors",
        "scoreMean",
        "passed",
        "passRate",
      ]),
    );
    for (const { message } of answer.errors.slice(0, 20)) {
      terminal.complain(message);
    }
    return answer.errors.length > 0 ? EXIT.somethingFailed : EXIT.done;
  },
};

export const compare: Command = {
  summary: "Compare two experiments prompt by prompt",
  help: `Usage: deno task pipeline compare BASELINE CANDIDATE [options]

Options:
  --evaluator NAME   only this one
  --table NAME       results table (default prompt_evaluations)
  --json
  --help

Example:
  deno task pipeline compare gpt-4 gpt-5 --evaluator exact-match`,
  async run(args, terminal) {
    const { values, positionals } = readArguments(
      args,
      ["BASELINE", "CANDIDATE"],
      {
        evaluator: { type: "string" },
        table: { type: "string", default: "prompt_evaluations" },
        json: { type: "boolean" },
      },
    );
    const rows = dataOf(
      "compare the experiments",
      await openProject(terminal).client.rpc("compare_experiments", {
        baseline: positionals[0],
        candidate: positionals[1],
        evaluator: values.evaluator ?? null,
        results_table: values.table,
      }),
    ) as Record<string, unknown>[];
    terminal.print(
      values.json ? toVisibleJson(rows) : drawTable(rows.map(rounded), [
        "compared",
        "pairs",
        "wins",
        "losses",
        "ties",
        "baseline_mean",
        "candidate_mean",
        "difference",
        "difference_low",
        "difference_high",
        "mcnemar_p",
      ]),
    );
    return EXIT.done;
  },
};

function rounded(row: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => [
      name,
      typeof value === "number" ? Number(value.toPrecision(4)) : value,
    ]),
  );
}
