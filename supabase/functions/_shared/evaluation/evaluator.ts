import type { EvaluationRow } from "./evaluation_row.ts";
import type { Question } from "./judging/question.ts";
import type { Score } from "./score.ts";

/** What evaluators may ask of the world; cheap ones ask nothing. */
export interface EvaluationContext {
  /** Sends JSON and gives the parsed JSON answer; throws when there is none. */
  post(url: string, body: unknown): Promise<unknown>;
  /**
   * What another experiment answered to the prompt of this row: the newest successful response
   * with the same prompt key, of several repetitions the one whose turn it is; null when there is none.
   */
  responseIn(experiment: string, row: EvaluationRow): Promise<string | null>;
  /**
   * What a registered function of the project says of rows, in their order.
   *
   * @throws {FunctionFailure} when the function failed for one of them
   */
  callFunction(name: string, rows: readonly object[]): Promise<unknown[]>;
  /** Milliseconds, of the clock that the worker goes by. */
  now(): number;
  /** Aborted when the worker has to stop: no further batch is sent. */
  signal?: AbortSignal;
}

/**
 * Scores rows. What goes wrong becomes the `error` of a score, but for a `PipelineError` of the
 * context: then nothing has been said about the rows.
 */
export interface Evaluator {
  name: string;
  /** The opposite passes; of questions to judges, whoever counts the votes has to see to it. */
  not?: boolean;
  /** Whether it shows somebody what the model saw: a judge, or a service of the user. */
  showsWhatWasSent?: boolean;
  /** Rows that `evaluateBatch` takes at once; absent when rows go one by one. */
  batchSize?: number;
  /**
   * The score, or the questions to judges whose votes will make it; the same for the same row. A
   * promise only where the evaluator asks its context.
   */
  evaluate(
    row: EvaluationRow,
    context: EvaluationContext,
  ): Promise<Score | Question[]> | Score | Question[];
  /** One score per row, in the order of the rows; present with `batchSize`. */
  evaluateBatch?(
    rows: readonly EvaluationRow[],
    context: EvaluationContext,
  ): Promise<Score[]>;
}
