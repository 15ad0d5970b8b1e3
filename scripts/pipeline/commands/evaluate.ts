import { groupBy } from "../../../supabase/functions/_shared/archive/formats/group_by.ts";
import { OPERATIONS } from "../../../supabase/functions/_shared/operations/operations.ts";
import { type Command, EXIT } from "../command.ts";
import { drawTable } from "../draw_table.ts";
import { toEvaluators } from "../endpoint_options.ts";
import { openProject } from "../project_access.ts";
import { readArguments, switches, texts } from "../read_arguments.ts";
import { expectStored, toChoice } from "../stored_results.ts";
import { toVisibleJson } from "../visible_text.ts";

export const evaluate: Command = {
  summary: "Score what a run or an experiment has stored",
  help:
    `Usage: deno task pipeline evaluate ID|EXPERIMENT --evaluators NAMES|JSON [options]

Options:
  --evaluators TEXT   names with commas between them, or JSON as docs/evaluators.md lists it
  --table NAME        the results table of an experiment
  --json              summary, scores and errors as JSON

Exit code: 0 all is scored, 3 some could not be, 1 nothing could be done, 2 wrong usage.

Examples:
  deno task pipeline evaluate 7 --evaluators exact-match,rouge-l
  deno task pipeline evaluate nightly --evaluators '[{"type": "regex", "pattern": "^Yes"}]'`,
  async run(args, terminal) {
    const { values, positionals } = readArguments(args, ["ID|EXPERIMENT"], {
      ...texts("evaluators", "table"),
      ...switches("json"),
    });
    const choice = toChoice(positionals[0]);
    const { client, services } = openProject(terminal);
    await expectStored(client, choice, values.table);
    const answer = await OPERATIONS.evaluate_results.run({
      ..."runId" in choice ? choice : { experimentName: choice.experimentName },
      evaluators: toEvaluators(values.evaluators),
      supabaseTable: values.table,
    }, services);
    terminal.print(
      values.json ? toVisibleJson(answer) : drawTable(
        answer.summary.map((row) => ({
          ...row,
          scoreMean: rounded(row.scoreMean),
          passRate: rounded(row.passRate),
        })),
        terminal.columns,
        ["evaluator", "scored", "errors", "scoreMean", "passed", "passRate"],
      ),
    );
    for (const [message, count] of countMessages(answer.errors)) {
      terminal.complain(`  ${count} × ${message}`);
    }
    return answer.errors.length > 0 ? EXIT.somethingFailed : EXIT.done;
  },
};

function rounded(value: number | null | undefined): number | null {
  return value === null || value === undefined
    ? null
    : Number(value.toPrecision(4));
}

/** Equal messages together, the commonest first. */
function countMessages(errors: { message: string }[]): [string, number][] {
  const groups = groupBy(errors, ({ message }) => message);
  return [...groups].map(([message, { length }]): [string, number] => [
    message,
    length,
  ]).sort(([, a], [, b]) => b - a).slice(0, 20);
}
