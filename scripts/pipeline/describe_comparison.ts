import { formatChange, formatCost } from "./format_values.ts";

/** A row of compare_experiments(), as far as it is shown. */
export interface Comparison {
  /** `success`, or an evaluator. */
  compared: string;
  pairs: number;
  wins: number;
  losses: number;
  ties: number;
  /** Null: nothing could be paired. */
  baseline_mean: number | null;
  candidate_mean: number | null;
  /** Prompts that pass only now, and no longer. */
  gained: number | null;
  lost: number | null;
  /** That of the interval, and of the exact test of gained and lost. */
  p: number | null;
  exact_p: number | null;
  /** Milliseconds. */
  latency_difference_ms: number | null;
  /** USD. */
  cost_difference: number | null;
  /** What was found and could have been seen, in words. */
  finding: string;
  /** What to mind, in words. */
  caution: string | null;
}

/** What a comparison says, a fact a line. */
export function describeComparison(rows: Comparison[]): string[] {
  const [{ latency_difference_ms: latency, cost_difference: cost }] = rows;
  return [
    ...rows.flatMap(describeRow),
    ...latency === null
      ? []
      : [`latency: ${formatChange(latency, 0)} ms on average`],
    ...cost === null
      ? []
      : [`cost: ${Number(cost) > 0 ? "+" : ""}${formatCost(cost)} USD in all`],
  ];
}

function describeRow(row: Comparison): string[] {
  const { compared, pairs, wins, losses, ties, finding, caution } = row;
  const passes = row.gained || row.lost
    ? `; ${row.gained} pass only now, ${row.lost} no longer`
    : "";
  const [found, ...seen] = finding.split("; ");
  const chances = [
    ...row.p === null ? [] : [`p = ${row.p.toPrecision(2)}`],
    ...row.exact_p === null
      ? []
      : [`exact p of passes = ${row.exact_p.toPrecision(2)}`],
  ].join(", ");
  return [
    row.baseline_mean === null || row.candidate_mean === null
      ? `${compared}:`
      : `${compared}: ${row.baseline_mean.toFixed(3)} before, ${
        row.candidate_mean.toFixed(3)
      } now`,
    `  ${found}`,
    ...seen.map((line) => `  ${line}`),
    ...chances === "" ? [] : [`  ${chances}`],
    ...pairs === 0 ? [] : [
      `  ${pairs} prompts: ${wins} better, ${losses} worse, ${ties} equal${passes}`,
    ],
    ...caution === null ? [] : [`  mind: ${caution}`],
  ];
}
