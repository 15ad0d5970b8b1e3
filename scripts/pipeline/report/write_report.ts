import { toVisible } from "../visible_text.ts";

type Row = Record<string, unknown>;

/** What a report tells; rows as the views and functions of the same names give them. */
export interface ReportData {
  experiment: string;
  /** Undefined: nothing to compare with. */
  baseline?: string;
  /** Of experiment_summary, for the experiment and the baseline. */
  summary: Row[];
  /** Of experiment_costs. */
  costs: Row[];
  /** Of experiment_scores. */
  scores: Row[];
  /** Of compare_experiments(); empty without a baseline. */
  comparison: Row[];
  /** Of pipeline_error_groups. */
  errors: Row[];
  /** What became worse, as browse_experiment_pairs() gives it; empty without a baseline. */
  worse: Row[];
}

/**
 * A Markdown report of an experiment. Bars are text: GitHub drops inline SVG from Markdown
 * (https://github.com/github/markup, step 2 of its README).
 */
export function writeReport(data: ReportData): string {
  const { experiment, baseline, summary, comparison, errors, worse } = data;
  const scores = data.scores.map((row) => ({
    ...row,
    bar: drawBar(row.score_mean ?? row.pass_rate),
  }));
  return [
    `# ${escapeText(experiment)}${
      baseline === undefined ? "" : ` against ${escapeText(baseline)}`
    }`,
    section("Summary", table(summary, SUMMARY)),
    section("Costs in USD", table(data.costs, COSTS)),
    section("Scores", table(scores, SCORES)),
    section(
      "Comparison",
      table(comparison, COMPARISON),
      comparison.length > 0 ? COMPARISON_NOTES : "",
    ),
    section("What became worse", ...worse.map(describePair)),
    section("Errors", table(errors, ERRORS)),
  ].filter((part) => part !== "").join("\n\n");
}

const SUMMARY = {
  "experiment": "experiment_name",
  "model": "model",
  "prompts": "prompts",
  "answers": "answers",
  "answered": "success_rate",
  "p50 ms": "p50_ms",
  "p95 ms": "p95_ms",
  "p99 ms": "p99_ms",
  "tokens in": "input_tokens",
  "tokens out": "output_tokens",
};
const COSTS = {
  "experiment": "experiment_name",
  "answers": "answers_cost",
  "judges and failed calls": "other_cost",
  "in all": "cost",
};
const SCORES = {
  "experiment": "experiment_name",
  "model": "model",
  "evaluator": "evaluator",
  "scored": "scored",
  "errors": "errors",
  "mean": "score_mean",
  "": "bar",
  "low": "score_low",
  "high": "score_high",
  "pass rate": "pass_rate",
  "pass low": "pass_low",
  "pass high": "pass_high",
};
const COMPARISON = {
  "compared": "compared",
  "finding": "finding",
  "mind": "caution",
  "pairs": "pairs",
  "wins": "wins",
  "losses": "losses",
  "ties": "ties",
  "difference": "difference",
  "low": "difference_low",
  "high": "difference_high",
  "now passes": "gained",
  "no longer": "lost",
  "p": "p",
  "exact p": "exact_p",
  "latency ms": "latency_difference_ms",
  "cost USD": "cost_difference",
};
const ERRORS = {
  "experiment": "experiment_name",
  "run": "run_id",
  "stage": "stage",
  "class": "class",
  "code": "code",
  "final": "final",
  "count": "count",
  "example": "example",
};

const COMPARISON_NOTES =
  `Pairs are prompts of both, each with the mean of its answers. low and high: 95 % interval of the mean
difference; p is its own. exact p: mid-p McNemar, of now passes against no longer.`;

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

/** Ten characters for a value from 0 to 1; "": it is none. */
function drawBar(value: unknown): string {
  if (typeof value !== "number" || !(value >= 0 && value <= 1)) return "";
  const filled = Math.round(value * 10);
  return "█".repeat(filled) + "░".repeat(10 - filled);
}

function describePair(pair: Row): string {
  const answer = (side: "baseline" | "candidate") =>
    pair[`${side}_error`] ?? pair[`${side}_response`];
  return [
    `**${escapeText(String(pair.prompt))}**`,
    `- before (${toCell(pair.baseline_score)}): ${toCell(answer("baseline"))}`,
    `- now (${toCell(pair.candidate_score)}): ${toCell(answer("candidate"))}`,
  ].join("\n");
}
