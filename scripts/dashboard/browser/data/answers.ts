import { callFunction } from "./project.ts";

/** Whose answers: of a run, or of an experiment of an owner (null: the project's own). */
export interface AnswersOf {
  run_id: number | null;
  experiment_name: string | null;
  owner: string | null;
}

/** A score as lists have it; what is null is left out. */
export interface ListedScore {
  score?: number;
  passed?: boolean;
  category?: string;
  error?: string;
}

/** A score as lists have it. */
export function toListed(
  { passed, score, category }: {
    passed: boolean | null;
    score: number | null;
    category: string | null;
  },
): ListedScore {
  return {
    passed: passed ?? undefined,
    score: score ?? undefined,
    category: category ?? undefined,
  };
}

/** What a person said of an answer. */
export interface Label {
  name: string;
  person: string;
  passed: boolean | null;
  /** 0 to 1. */
  score: number | null;
  category: string | null;
  remark: string | null;
  /** The answer as it should have been. */
  corrected_response: string | null;
}

/** An answer as lists have it: texts are cut at 600 characters. */
export interface ListedAnswer {
  id: number;
  run_id: number | null;
  prompt_key: string;
  repetition: number;
  prompt: string;
  response: string | null;
  reference: string | null;
  error: string | null;
  success: boolean;
  model: string | null;
  duration_ms: number | null;
  tokens_used: number | null;
  cost: number | null;
  finish_reason: string | null;
  /** Given as `after` to begin behind it. */
  position: string;
  scores: Record<string, ListedScore>;
  labels: Label[];
}

/** A page of answers; perhaps without a row although more follow, when few fit the filter. */
export interface AnswerPage {
  rows: ListedAnswer[];
  next: string | null;
  scanned: number;
}

/** How answers are chosen and ordered. */
export interface AnswerChoice extends AnswersOf {
  results_table: string;
  filter: Record<string, unknown>;
  sort: string;
}

/** Reads a page of answers. */
export function browseAnswers(
  choice: AnswerChoice,
  page: {
    after: string | null;
    backwards?: boolean;
    most: number;
    scan?: number;
  },
  signal?: AbortSignal,
): Promise<AnswerPage> {
  return callFunction("browse_evaluations", { ...choice, ...page }, signal);
}

/** What can be chosen of a run or an experiment. */
export interface Facets {
  results_tables: string[];
  evaluators: string[];
  models: string[];
  tags: string[];
  prompts: number;
  done: number;
  /** A fair sample of the keys in order, where the source gave some; null: all are hashes, evenly spread. */
  key_marks: string[] | null;
}

/** Reads what can be chosen. */
export function readFacets(
  of: AnswersOf,
  signal: AbortSignal,
): Promise<Facets> {
  return callFunction("evaluation_facets", { ...of }, signal);
}

/** How the values of a measure are spread. */
export interface Distribution {
  measure: string;
  evaluator: string | null;
  looked_at: number;
  sampled: boolean;
  counted: number;
  passed: number | null;
  judged: number | null;
  min: number | null;
  max: number | null;
  mean: number | null;
  quantiles: Record<string, number> | null;
  bins: { low: number; high: number; count: number; passed: number | null }[];
}

/** Reads how a measure is spread over a fair sample of the answers. */
export function readDistribution(
  of: AnswersOf & { results_table: string },
  measure: {
    measure: string;
    evaluator?: string;
    bins?: number;
    keys?: number;
  },
  signal: AbortSignal,
): Promise<Distribution> {
  return callFunction("evaluation_distribution", { ...of, ...measure }, signal);
}
