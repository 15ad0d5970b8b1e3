import type {
  Pair,
  PairPage,
} from "../../dashboard/browser/data/comparison.ts";
import { type Command, EXIT } from "../command.ts";
import { type Comparison, describeComparison } from "../describe_comparison.ts";
import { cut } from "../draw_table.ts";
import { call, openProject } from "../project_access.ts";
import { readArguments, switches, texts, toNumber } from "../read_arguments.ts";
import { toVisibleJson } from "../visible_text.ts";

export const compare: Command = {
  summary: "Compare two experiments prompt by prompt",
  help: `Usage: deno task pipeline compare BASELINE CANDIDATE [options]

Says how every evaluator sees the difference, what so many prompts could have shown and what is missing,
then names the prompts that became worse. All results tables are looked into; of several answers to a
prompt the mean counts.

Options:
  --evaluator NAME   only this one; "success": whether there was an answer
  --worse N          name so many prompts (default 10)
  --owner USER       the experiments of this user, by id (default: the project's own)
  --json             {comparison, worse}

Exit code: 0 compared, 1 an experiment does not exist or both share no prompt, 2 wrong usage.

Example:
  deno task pipeline compare gpt-4 gpt-5 --evaluator exact-match`,
  async run(args, terminal) {
    const { values, positionals } = readArguments(
      args,
      ["BASELINE", "CANDIDATE"],
      {
        ...texts("evaluator", "owner"),
        ...switches("json"),
        worse: { type: "string", default: "10" },
      },
    );
    const { client } = openProject(terminal);
    const [baseline, candidate] = positionals;
    const owner = values.owner ?? null;
    const sides = { baseline, candidate, owner };
    const comparison = await call<Comparison[]>(
      client,
      "compare the experiments",
      "compare_experiments",
      { ...sides, evaluator: values.evaluator ?? null },
    );
    const [first] = comparison;
    const { rows: worse } = await call<PairPage>(
      client,
      "read what became worse",
      "browse_experiment_pairs",
      {
        ...sides,
        evaluator: first.compared === "success" ? null : first.compared,
        show: "worse",
        most: toNumber("worse", values.worse),
      },
    );
    if (values.json) {
      terminal.print(toVisibleJson({ comparison, worse }));
      return EXIT.done;
    }
    describeComparison(comparison).forEach((line) => terminal.print(line));
    if (comparison.every(({ pairs }) => pairs === 0)) return EXIT.failed;
    if (worse.length > 0) {
      terminal.print(`\nWorse by ${first.compared}`);
      for (const pair of worse) {
        for (const line of describePair(pair, terminal.columns)) {
          terminal.print(line);
        }
      }
    }
    return EXIT.done;
  },
};

function describePair(pair: Pair, columns: number): string[] {
  const score = (value: number | null) =>
    value === null ? "-" : String(Number(value.toPrecision(3)));
  const now = pair.candidate_error ?? pair.candidate_response ?? "";
  return [
    `  ${score(pair.baseline_score)} → ${
      score(pair.candidate_score)
    }  ${pair.prompt}`,
    `      ${now}`,
  ].map((line) => cut(line.replace(/\s*\n\s*/g, " "), columns));
}
