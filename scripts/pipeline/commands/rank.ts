import { groupBy } from "../../../supabase/functions/_shared/archive/formats/group_by.ts";
import type { Ranked } from "../../dashboard/browser/data/sweeps.ts";
import { type Command, EXIT } from "../command.ts";
import { drawTable } from "../draw_table.ts";
import { formatChange, formatCost, formatInterval } from "../format_values.ts";
import { call, openProject } from "../project_access.ts";
import { readArguments, switches, texts, toNumber } from "../read_arguments.ts";
import { toVisibleJson } from "../visible_text.ts";

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

Exit code: 0 ranked, 1 an experiment or the evaluator does not exist, 2 wrong usage.

Example:
  deno task pipeline rank gpt-4 gpt-5 claude --evaluator exact-match`,
  async run(args, terminal) {
    const { values, positionals } = readArguments(args, ["NAME", "NAME…"], {
      ...texts("evaluator", "k", "owner"),
      ...switches("json"),
    });
    const { client } = openProject(terminal);
    const whose = { names: positionals, owner: values.owner ?? null };
    const ranking = await call<Ranked[]>(
      client,
      "rank the experiments",
      "rank_experiments",
      {
        ...whose,
        evaluator: values.evaluator ?? null,
        k: toNumber("k", values.k) ?? null,
      },
    );
    const ratings = (await call<Rated[]>(
      client,
      "rate the experiments",
      "rate_experiments",
      whose,
    )).filter(({ prompts }) => prompts > 0);
    if (values.json) {
      terminal.print(toVisibleJson({ ranking, ratings }));
      return EXIT.done;
    }
    const groups = groupBy(ranking, ({ compared }) => compared);
    for (const [compared, rows] of groups) {
      terminal.print(compared);
      terminal.print(drawTable(rows.map(toCells), terminal.columns));
      for (const { experiment_name, finding } of rows.slice(1)) {
        terminal.print(`${experiment_name}: ${finding}`);
      }
      terminal.print("");
    }
    if (ratings.length > 0) {
      terminal.print("Pairwise verdicts");
      terminal.print(drawTable(ratings.map(toRatingCells), terminal.columns));
    }
    return EXIT.done;
  },
};

/** What is shown of a row; repetitions only where there are some. */
export function toCells(row: Ranked): Record<string, unknown> {
  return {
    rank: row.rank,
    experiment: row.experiment_name,
    prompts: row.prompts,
    ...row.unscored > 0 ? { unscored: row.unscored } : {},
    mean: row.score_mean?.toFixed(3),
    "95 %": formatInterval(
      row.score_low,
      row.score_high,
      (end) => end.toFixed(3),
    ),
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
    "95 %": formatInterval(
      row.rating_low,
      row.rating_high,
      (end) => end.toFixed(0),
    ),
  };
}
