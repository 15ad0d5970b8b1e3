import type { ModelResult } from "../model/model_result.ts";
import type { Message } from "../prompt.ts";
import type { EvaluationRow } from "./evaluation_row.ts";
import type { Score } from "./score.ts";

/** One question to a judge, a model behind an endpoint of `model_endpoints`. */
export interface JudgeRequest {
  endpoint: string;
  /** Used instead of the endpoint's model. */
  model?: string;
  prompt: string;
  messages?: Message[];
  /** Model parameters, as in a run. */
  parameters?: Record<string, unknown>;
}

/** What evaluators may ask of the world; cheap ones ask nothing. */
export interface EvaluationContext {
  /** Calls a model within its endpoint's limits, the run's budget and the cache. */
  judge(request: JudgeRequest): Promise<ModelResult>;
  /** Sends JSON and gives the parsed JSON answer; throws when there is none. */
  post(url: string, body: unknown): Promise<unknown>;
  /**
   * What another experiment answered to the prompt of this row: the newest successful response
   * with the same prompt key; null when there is none.
   */
  responseIn(experiment: string, row: EvaluationRow): Promise<string | null>;
  /** Aborted when the worker has to stop: no further batch is sent. */
  signal?: AbortSignal;
}

/** Scores rows. Neither method throws: what goes wrong becomes the `error` of a score. */
export interface Evaluator {
  name: string;
  /** Rows that `evaluateBatch` takes at once; absent when rows go one by one. */
  batchSize?: number;
  /** A promise only where the evaluator calls a model or a webhook. */
  evaluate(
    row: EvaluationRow,
    context: EvaluationContext,
  ): Promise<Score> | Score;
  /** One score per row, in the order of the rows; present with `batchSize`. */
  evaluateBatch?(
    rows: readonly EvaluationRow[],
    context: EvaluationContext,
  ): Promise<Score[]>;
}
