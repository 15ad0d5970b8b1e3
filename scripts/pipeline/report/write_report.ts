import { toVisible } from "../visible_text.ts";
import { type Bar, drawBarChart } from "./bar_chart.ts";

type Row = Record<string, unknown>;

/** What a report tells; rows as the views and functions of the same names give them. */
export interface ReportData {
  experiment: string;
  /** Undefined: nothing to compare with. */
  baseline?: string;
  /** Of experiment_summary, for the experiment and the baseline. */
  summary: Row[];
  /** Of experiment_scores. */
  scores: Row[];
  /** Of compare_experiments(); empty without a baseline. */
  comparison: Row[];
  /** Errors grouped by stage, class and code: {stage, class, code, count, example}. */
  errors: Row[];
}

/** A Markdown report of an experiment, with tables and inline SVG charts. */
export function writeReport(data: ReportData): string {
  const { experiment, baseline, summary, scores, comparison, errors } = data;
  return [
    `# ${escapeText(experiment)}${
      baseline === undefined ? "" : ` against ${escapeText(baseline)}`
    }`,
    section("Summary", table(summary, SUMMARY)),
    section(
      "Scores",
      table(scores, SCORES),
      chart("Mean score with its 95 % interval", scores.flatMap(toScoreBar)),
      chart("Share that passed", scores.flatMap(toPassBar)),
    ),
    section(
      "Comparison",
      table(comparison, COMPARISON),
      comparison.length > 0 ? COMPARISON_NOTES : "",
    ),
    section("Errors", table(errors, ERRORS)),
  ].filter((part) => part !== "").join("\n\n");
}

const SUMMARY = {
  "experiment": "experiment_name",
  "model": "model",
  "prompts": "prompts",
  "answered": "success_rate",
  "mean score": "score_mean",
  "p50 ms": "p50_ms",
  "p95 ms": "p95_ms",
  "p99 ms": "p99_ms",
  "tokens in": "input_tokens",
  "tokens out": "output_tokens",
  "cost USD": "cost",
};
const SCORES = {
  "experiment": "experiment_name",
  "model": "model",
  "evaluator": "evaluator",
  "scored": "scored",
  "errors": "errors",
  "mean": "score_mean",
  "low": "score_low",
  "high": "score_high",
  "pass rate": "pass_rate",
};
const COMPARISON = {
  "compared": "compared",
  "pairs": "pairs",
  "wins": "wins",
  "losses": "losses",
  "ties": "ties",
  "difference": "difference",
  "low": "difference_low",
  "high": "difference_high",
  "now passes": "gained",
  "no longer": "lost",
  "McNemar p": "mcnemar_p",
  "latency ms": "latency_difference_ms",
  "cost USD": "cost_difference",
};
const ERRORS = {
  "stage": "stage",
  "class": "class",
  "code": "code",
  "count": "count",
  "example": "example",
};

const COMPARISON_NOTES =
  `Pairs are prompts with a newest evaluation in both. low and high: 95 % interval of the mean
difference by a paired bootstrap. McNemar p: exact, two-sided, of now passes against no longer.`;

function section(title: string, ...parts: string[]): string {
  const filled = parts.filter((part) => part !== "");
  return filled.length === 0 ? "" : [`## ${title}`, ...filled].join("\n\n");
}

function table(rows: Row[], columns: Record<string, string>): string {
  if (rows.length === 0) return "";
  const line = (cells: string[]) => `| ${cells.join(" | ")} |`;
  return [
    line(Object.keys(columns)),
    line(Object.keys(columns).map(() => "---")),
    ...rows.map((row) =>
      line(Object.values(columns).map((name) => toCell(row[name])))
    ),
  ].join("\n");
}

function toCell(value: unknown): string {
  if (value === null || value === undefined) return "";
  if (typeof value === "number") return String(Number(value.toPrecision(4)));
  return escapeText(String(value));
}

/** Names come from users, examples of errors from strangers: neither may be markup. */
function escapeText(text: string): string {
  return toVisible(text.replace(/\s+/g, " ")).replace(
    /[\\`*_[\]<>|#]/g,
    "\\$&",
  );
}

function chart(title: string, bars: Bar[]): string {
  return bars.length === 0 ? "" : `${title}:\n\n${drawBarChart(title, bars)}`;
}

function toScoreBar(row: Row): Bar[] {
  if (typeof row.score_mean !== "number") return [];
  return [{
    label: labelOf(row),
    value: row.score_mean,
    low: row.score_low as number | null,
    high: row.score_high as number | null,
  }];
}

function toPassBar(row: Row): Bar[] {
  return typeof row.pass_rate === "number"
    ? [{ label: labelOf(row), value: row.pass_rate }]
    : [];
}

function labelOf({ experiment_name, evaluator }: Row): string {
  return `${experiment_name}: ${evaluator}`;
}
