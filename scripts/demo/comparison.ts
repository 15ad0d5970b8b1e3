import type { Row, Sql } from "postgres";

/** How the answers to the same prompts differ between two experiments. */
export interface Comparison {
  pairs: number;
  /** Pairs in which only the candidate, or only the baseline, has an answer. */
  wins: number;
  losses: number;
  ties: number;
  /** Share of prompts with an answer, 0 to 1, candidate less baseline. */
  difference: number;
  /** The 95 % interval of the difference. */
  low: number;
  high: number;
  /** The chance of so lopsided a result if neither were better. */
  p: number | null;
  /** Milliseconds, candidate less baseline. */
  latency: number | null;
}

/** How an evaluator scored the same prompts in two experiments. */
export interface ScoreComparison {
  evaluator: string;
  pairs: number;
  baselineMean: number;
  candidateMean: number;
  /** The 95 % interval of the difference, candidate less baseline. */
  low: number;
  high: number;
}

/** The statement that compares; it is shown as it is executed. */
export function writeComparisonStatement(
  baseline: string,
  candidate: string,
): string {
  return `select * from compare_experiments('${baseline}', '${candidate}')`;
}

/** Executes the statement. */
export async function readComparison(
  sql: Sql,
  statement: string,
): Promise<{ answers: Comparison; scores: ScoreComparison[] }> {
  const [first, ...others] = await sql.unsafe(statement);
  return {
    answers: toComparison(first),
    scores: others.map((row) => ({
      evaluator: row.compared,
      pairs: Number(row.pairs),
      baselineMean: row.baseline_mean,
      candidateMean: row.candidate_mean,
      low: row.difference_low,
      high: row.difference_high,
    })),
  };
}

/** A fact per evaluator. */
export function describeScores(scores: ScoreComparison[]): string[] {
  return scores.map(({ evaluator, baselineMean, candidateMean, low, high }) =>
    `  ${evaluator.padEnd(10)}${baselineMean.toFixed(3)} before, ${
      candidateMean.toFixed(3)
    } now (95 % interval of the difference ${signed(low, 3)} to ${
      signed(high, 3)
    })`
  );
}

function toComparison(row: Row): Comparison {
  return {
    pairs: Number(row.pairs),
    wins: Number(row.wins),
    losses: Number(row.losses),
    ties: Number(row.ties),
    difference: row.difference,
    low: row.difference_low,
    high: row.difference_high,
    p: row.mcnemar_p,
    latency: row.latency_difference_ms,
  };
}

/** What the comparison says, a fact per line. */
export function describeComparison(comparison: Comparison): string[] {
  const { pairs, wins, losses, ties, difference, low, high, p, latency } =
    comparison;
  const facts: [string, string][] = [
    ["pairs", `${pairs}: ${wins} better, ${losses} worse, ${ties} equal`],
    [
      "answered",
      `${signed(100 * difference, 1)} points (95 % interval ${
        signed(100 * low, 1)
      } to ${signed(100 * high, 1)})` +
      (p === null ? "" : `, p = ${p.toPrecision(2)}`),
    ],
  ];
  if (latency !== null) {
    facts.push(["latency", `${signed(latency, 0)} ms on average`]);
  }
  return facts.map(([name, value]) => `  ${name.padEnd(10)}${value}`);
}

function signed(value: number, digits: number): string {
  const text = Math.abs(value).toFixed(digits);
  if (Number(text) === 0) return text;
  return `${value < 0 ? "−" : "+"}${text}`;
}
