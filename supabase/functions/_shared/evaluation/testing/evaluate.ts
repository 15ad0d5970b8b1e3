import type { z } from "zod";
import { createEvaluator } from "../create_evaluator.ts";
import type { EvaluationRow } from "../evaluation_row.ts";
import type { EvaluationContext } from "../evaluator.ts";
import { evaluatorSchema } from "../evaluator_schema.ts";
import type { Score } from "../score.ts";
import { aContext } from "./contexts.ts";
import { aRow } from "./rows.ts";

/** Scores one row as a worker would, from a configuration as a user writes it. */
export async function evaluate(
  config: unknown,
  row: Partial<EvaluationRow>,
  context: EvaluationContext = aContext(),
): Promise<Score> {
  const evaluator = createEvaluator(evaluatorSchema.parse(config));
  return await evaluator.evaluate(aRow(row), context);
}

/** The problems of a configuration, as `path: message`, joined by line ends. */
export function problemsOf(schema: z.ZodType, config: unknown): string {
  return schema.safeParse(config).error?.issues
    .map(({ path, message }) => `${path.join(".")}: ${message}`)
    .join("\n") ?? "";
}
