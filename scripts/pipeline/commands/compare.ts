import { type Command, EXIT } from "../command.ts";
import { type Comparison, describeComparison } from "../describe_comparison.ts";
import { dataOf, openProject } from "../project_access.ts";
import { readArguments, toNumber } from "../read_arguments.ts";
import { expectStored } from "../stored_results.ts";

/** A prompt of both experiments, as browse_experiment_pairs() gives it. */
interface Pair {
  prompt: string;
  baseline_score: number | null;
  candidate_score: number | null;
  candidate_response: string | null;
  candidate_error: string | null;
}

export const compare: Command = {
  summary: "Compare two experiments prompt by prompt",
  help: `Usage: deno task pipeline compare BASELINE CANDIDATE [options]

Says how every evaluator that scored both sees the difference, then names the prompts that became
worse.

Options:
  --evaluator NAME   only this one; "success": whether there was an answer
  --worse N          name so many prompts (default 10)
  --table NAME       results table (default prompt_evaluations)
  --owner USER       the experiments of this user, by id (default: the project's own)
  --json             {comparison, worse}
  --help

Exit code: 0 compared, 1 an experiment does not exist or both share no prompt, 2 wrong usage.

Example:
  deno task pipeline compare gpt-4 gpt-5 --evaluator exact-match`,
  async run(args, terminal) {
    const { values, positionals } = readArguments(
      args,
      ["BASELINE", "CANDIDATE"],
      {
        evaluator: { type: "string" },
        worse: { type: "string", default: "10" },
        table: { type: "string", default: "prompt_evaluations" },
        owner: { type: "string" },
        json: { type: "boolean" },
      },
    );
    const { client } = openProject(terminal);
    const [baseline, candidate] = positionals;
    const owner = values.owner ?? null;
    for (const experimentName of positionals) {
      await expectStored(client, { experimentName, owner }, values.table);
    }
    const evaluator = values.evaluator === "success" ? null : values.evaluator;
    const sides = {
      baseline,
      candidate,
      results_table: values.table,
      owner,
    };
    const all = dataOf(
      "compare the experiments",
      await client.rpc("compare_experiments", {
        ...sides,
        evaluator: evaluator ?? null,
      }),
    ) as Comparison[];
    const comparison = all.filter(({ compared }) =>
      values.evaluator === undefined || compared === values.evaluator ||
      compared === "success" && evaluator === null
    );
    if (comparison.length === 0) {
      terminal.complain(
        values.evaluator === undefined
          ? `"${baseline}" and "${candidate}" have no prompt in common`
          : `No prompt of both "${baseline}" and "${candidate}" has a score of ${values.evaluator}`,
      );
      return EXIT.failed;
    }
    const [first] = comparison;
    const { rows: worse } = dataOf(
      "read what became worse",
      await client.rpc("browse_experiment_pairs", {
        ...sides,
        evaluator: first.compared === "success" ? null : first.compared,
        show: "worse",
        most: toNumber("worse", values.worse),
      }),
    ) as { rows: Pair[] };
    if (values.json) {
      terminal.print(JSON.stringify({ comparison, worse }));
      return EXIT.done;
    }
    describeComparison(comparison).forEach((line) => terminal.print(line));
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
  ].map((line) => {
    const text = line.replace(/\s*\n\s*/g, " ");
    return text.length > columns ? `${text.slice(0, columns - 1)}…` : text;
  });
}
