import type * as z from "zod";
import type { EvaluationRow } from "./evaluation_row.ts";
import type { EvaluationContext } from "./evaluator.ts";
import type { Question } from "./judging/question.ts";
import type { Verdict } from "./score.ts";

/** A row with what evaluators compare. */
export interface Subject {
  row: EvaluationRow;
  response: string;
  /** Null when there is none; never blank. */
  reference: string | null;
  /** The same as it was found: a text, or any JSON of the metadata. */
  referenceValue: unknown;
  /** What a retriever found, the best first; none where the configuration does not ask for them. */
  passages: readonly string[];
}

/** Scores a row, or says what judges are to be asked about it. */
export type Scorer = (
  subject: Subject,
  context: EvaluationContext,
) => Verdict | Question[] | Promise<Verdict | Question[]>;

/** Scores several rows with one call; one verdict per subject, in their order. */
export interface BatchScorer {
  batchSize: number;
  scoreBatch(
    subjects: readonly Subject[],
    context: EvaluationContext,
  ): Promise<Verdict[]>;
}

/** One kind of evaluator: its configuration, its words for the manual, its work. */
export interface EvaluatorDefinition<Schema extends z.ZodObject = z.ZodObject> {
  /** Has `type` as a literal; `describe()` of its fields goes into the manual. */
  schema: Schema;
  /** A configuration for the manual, as a user writes it. */
  example: z.input<Schema>;
  /** What it asks of a response: one sentence for the manual. */
  summary: string;
  /** What the number means, for the manual. */
  score: string;
  /** When a row has passed, for the manual. */
  passed: string;
  /** Whether it makes questions to judges; never, when absent. Its configurations then name endpoints. */
  asksJudge?: "always" | "on wish";
  /** True: a row without a reference cannot be scored. Never, when absent. */
  needsReference?(config: z.output<Schema>): boolean;
  /** Scores a row that has no response; undefined where there is nothing to say. */
  scoreFailure?(
    config: z.output<Schema>,
    row: EvaluationRow,
  ): Verdict | undefined;
  /** Absent: the database makes its score of others. */
  create?(config: z.output<Schema>): Scorer | BatchScorer;
}

/** Infers the type of the configuration from its schema. */
export function defineEvaluator<Schema extends z.ZodObject>(
  definition: EvaluatorDefinition<Schema>,
): EvaluatorDefinition<Schema> {
  return definition;
}
