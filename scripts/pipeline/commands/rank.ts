import { groupBy } from "../../../supabase/functions/_shared/archive/formats/group_by.ts";
import { type Command, EXIT } from "../command.ts";
import { drawTable } from "../draw_table.ts";
import { formatChange, formatCost } from "../format_values.ts";
import { dataOf, openProject } from "../project_access.ts";
import { readArguments, toNumber } from "../read_arguments.ts";
import { toVisibleJson } from "../visible_text.ts";

/** A row of rank_experiments(), as far as it is shown. */
export interface Ranked {
  compared: string;
  rank: number;
  experiment_name: string;
  prompts: number;
  unscored: number;
  answers: number;
  score_mean: number | null;
  score_low: number | null;
  score_high: number | null;
  p_adjusted: number | null;
  k_drawn: number | null;
  pass_at_k: number | null;
  pass_hat_k: number | null;
  latency_ms: number | null;
  cost: number | null;
  finding: string;
}

/** A row of rate_experiments(). */
interface Rated {
  experiment_name: string;
  prompts: number;
  win_rate: number | null;
  rating: number | null;
  rating_low: number | null;
  rating_high: number | null;
}

export const rank: Command = {
  summary: "Rank experiments, the best first",
  help: `Usage: deno task pipeline rank NAME NAME... [options]

Orders experiments by their mean score, prompt by prompt: with 95 % intervals, the p of each against the
first (by Holm, over all pairs), latency and cost. rank is 1 and how many others are better beyond chance.
Where prompts were asked several times, pass@k is that one of k answers passes, pass^k that all do. Verdicts
of pairwise judges between them become ratings (Bradley-Terry, as Elo points).

Options:
  --evaluator NAME   only this one (default: all, and "success", whether there was an answer)
  --k N              answers drawn for pass@k (default: as many as every prompt has)
  --owner USER       the experiments of this user, by id (default: the project's own)
  --json             {ranking, ratings}
  --help

Exit code: 0 ranked, 1 an experiment or the evaluator does not exist, 2 wrong usage.

Example:
  deno task pipeline rank gpt-4 gpt-5 claude --evaluator exact-match`,
  async run(args, terminal) {
    const { values, positionals } = readArguments(args, ["NAME", "NAME…"], {
      evaluator: { type: "string" },
      k: { type: "string" },
      owner: { type: "string" },
      json: { type: "boolean" },
    });
    const { client } = openProject(terminal);
    const whose = { names: positionals, owner: values.owner ?? null };
    const ranking = dataOf(
      "rank the experiments",
      await client.rpc("rank_experiments", {
        ...whose,
        evaluator: values.evaluator ?? null,
        k: toNumber("k", values.k) ?? null,
      }),
    ) as Ranked[];
    const ratings = (dataOf(
      "rate the experiments",
      await client.rpc("rate_experiments", whose),
    ) as Rated[]).filter(({ prompts }) => prompts > 0);
    if (values.json) {
      terminal.print(toVisibleJson({ ranking, ratings }));
      return EXIT.done;
    }
    const groups = groupBy(ranking, ({ compared }) => compared);
    for (const [compared, rows] of groups) {
      terminal.print(compared);
      terminal.print(drawRows(rows.map(toCells), terminal.columns));
      for (const { experiment_name, finding } of rows.slice(1)) {
        terminal.print(`${experiment_name}: ${finding}`);
      }
      terminal.print("");
    }
    if (ratings.length > 0) {
      terminal.print("Pairwise verdicts");
      terminal.print(drawRows(ratings.map(toRatingCells), terminal.columns));
    }
    return EXIT.done;
  },
};

function drawRows(
  rows: Record<string, unknown>[],
  columns: number,
): string {
  return drawTable(rows, toColumns(rows), columns);
}

/** The names of all rows, each where the first row that has it shows it: behind the name before it. */
export function toColumns(rows: Record<string, unknown>[]): string[] {
  const names: string[] = [];
  for (const row of rows) {
    let place = 0;
    for (const name of Object.keys(row)) {
      const known = names.indexOf(name);
      if (known < 0) names.splice(place++, 0, name);
      else place = known + 1;
    }
  }
  return names;
}

/** What is shown of a row; repetitions only where there are some. */
export function toCells(row: Ranked): Record<string, unknown> {
  return {
    rank: row.rank,
    experiment: row.experiment_name,
    prompts: row.prompts,
    ...row.unscored > 0 ? { unscored: row.unscored } : {},
    mean: row.score_mean?.toFixed(3),
    "95 %": formatInterval(row.score_low, row.score_high, 3),
    p: row.p_adjusted?.toPrecision(2),
    ...row.k_drawn !== null && row.k_drawn > 1
      ? {
        [`pass@${row.k_drawn}`]: row.pass_at_k?.toFixed(3),
        [`pass^${row.k_drawn}`]: row.pass_hat_k?.toFixed(3),
      }
      : {},
    ms: row.latency_ms?.toFixed(0),
    cost: formatCost(row.cost),
  };
}

function toRatingCells(row: Rated): Record<string, unknown> {
  return {
    experiment: row.experiment_name,
    prompts: row.prompts,
    wins: row.win_rate?.toFixed(3),
    rating: row.rating === null ? "" : formatChange(row.rating, 0),
    "95 %": formatInterval(row.rating_low, row.rating_high, 0),
  };
}

function formatInterval(
  low: number | null,
  high: number | null,
  digits: number,
): string {
  return low === null || high === null
    ? ""
    : `${low.toFixed(digits)} to ${high.toFixed(digits)}`;
}
