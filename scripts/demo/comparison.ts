import { formatChange } from "../pipeline/format_values.ts";

/** A row of compare_experiments(), as far as the demo shows it. */
export interface ComparisonRow {
  /** `answered`, or an evaluator. */
  compared: string;
  pairs: string;
  /** Pairs in which only the candidate, or only the baseline, has an answer. */
  wins: string;
  losses: string;
  ties: string;
  baseline_mean: number;
  candidate_mean: number;
  /** Share of prompts with an answer, 0 to 1, or mean score: candidate less baseline. */
  difference: number;
  /** The 95 % interval of the difference. */
  difference_low: number;
  difference_high: number;
  /** That of the interval: the chance of such a difference if neither were better. */
  p: number | null;
  /** Milliseconds, candidate less baseline. */
  latency_difference_ms: number | null;
}

/** The statement that compares; it is shown as it is executed. */
export function writeComparisonStatement(
  baseline: string,
  candidate: string,
): string {
  return `select * from compare_experiments('${baseline}', '${candidate}')`;
}

/** A fact per evaluator. */
export function describeScores(scores: ComparisonRow[]): string[] {
  return scores.map((row) =>
    `  ${row.compared.padEnd(10)}${row.baseline_mean.toFixed(3)} before, ${
      row.candidate_mean.toFixed(3)
    } now (95 % interval of the difference ${
      formatChange(row.difference_low, 3)
    } to ${formatChange(row.difference_high, 3)})`
  );
}

/** What the comparison says, a fact per line. */
export function describeComparison(row: ComparisonRow): string[] {
  const { pairs, wins, losses, ties, difference, p } = row;
  const facts: [string, string][] = [
    ["pairs", `${pairs}: ${wins} better, ${losses} worse, ${ties} equal`],
    [
      "answered",
      `${formatChange(100 * difference, 1)} points (95 % interval ${
        formatChange(100 * row.difference_low, 1)
      } to ${formatChange(100 * row.difference_high, 1)})` +
      (p === null ? "" : `, p = ${p.toPrecision(2)}`),
    ],
  ];
  if (row.latency_difference_ms !== null) {
    const latency = formatChange(row.latency_difference_ms, 0);
    facts.push(["latency", `${latency} ms on average`]);
  }
  return facts.map(([name, value]) => `  ${name.padEnd(10)}${value}`);
}
