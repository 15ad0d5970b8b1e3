import { formatChange, formatCost } from "./format_values.ts";

/** A row of compare_experiments(). */
export interface Comparison {
  /** `success`, or an evaluator. */
  compared: string;
  pairs: number;
  wins: number;
  losses: number;
  ties: number;
  baseline_mean: number;
  candidate_mean: number;
  /** Candidate less baseline, with its 95 % interval. */
  difference: number;
  difference_low: number;
  difference_high: number;
  /** Prompts that pass only now, and no longer. */
  gained: number | null;
  lost: number | null;
  mcnemar_p: number | null;
  /** Milliseconds. */
  latency_difference_ms: number | null;
  /** USD. */
  cost_difference: number | null;
}

/** What a comparison says, at most 80 characters a line. */
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
  const { compared, pairs, wins, losses, ties, mcnemar_p: p } = row;
  const passes = row.gained || row.lost
    ? `; ${row.gained} pass only now, ${row.lost} no longer`
    : "";
  return [
    `${compared}: ${row.baseline_mean.toFixed(3)} before, ${
      row.candidate_mean.toFixed(3)
    } now, difference ${formatChange(row.difference, 3)}`,
    `  95 % interval ${formatChange(row.difference_low, 3)} to ${
      formatChange(row.difference_high, 3)
    }${p === null ? "" : `, p = ${p.toPrecision(2)}`}`,
    `  ${pairs} prompts: ${wins} better, ${losses} worse, ${ties} equal${passes}`,
  ];
}
