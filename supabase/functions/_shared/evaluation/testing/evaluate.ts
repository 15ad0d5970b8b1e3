import type * as z from "zod";
import { createEvaluator } from "../create_evaluator.ts";
import type { EvaluationRow } from "../evaluation_row.ts";
import type { EvaluationContext } from "../evaluator.ts";
import { evaluatorSchema } from "../evaluator_schema.ts";
import type { JudgeAnswer, SpokenQuestion } from "../judging/question.ts";
import type { Score } from "../score.ts";
import { aContext } from "./contexts.ts";
import { aRow } from "./rows.ts";

/** Scores one row as a worker would, from a configuration as a user writes it. */
export async function evaluate(
  config: unknown,
  row: Partial<EvaluationRow>,
  context: EvaluationContext = aContext(),
): Promise<Score> {
  const result = await ask(config, row, context);
  if (Array.isArray(result)) throw new Error("A judge is to be asked");
  return result;
}

/** What an evaluator asks judges about one row. */
export async function questionsOf(
  config: unknown,
  row: Partial<EvaluationRow>,
  context: EvaluationContext = aContext(),
): Promise<SpokenQuestion[]> {
  const result = await ask(config, row, context);
  if (Array.isArray(result)) return result as SpokenQuestion[];
  throw new Error(`No judge is asked: ${JSON.stringify(result)}`);
}

function ask(
  config: unknown,
  row: Partial<EvaluationRow>,
  context: EvaluationContext,
) {
  const evaluator = createEvaluator(evaluatorSchema.parse(config));
  return evaluator.evaluate(aRow(row), context);
}

/** An answer that a judge gave to the end. */
export function said(text: string): JudgeAnswer {
  return { text, finishReason: "stop" };
}

/** The problems of a configuration, as `path: message`, joined by line ends. */
export function problemsOf(schema: z.ZodType, config: unknown): string {
  return schema.safeParse(config).error?.issues
    .map(({ path, message }) => `${path.join(".")}: ${message}`)
    .join("\n") ?? "";
}
