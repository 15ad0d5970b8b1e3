import * as z from "zod";
import { referencedFields } from "../config_fields.ts";
import { defineEvaluator, type Subject } from "../evaluator_definition.ts";
import type { EvaluationContext } from "../evaluator.ts";
import { readScore } from "../read_score.ts";
import type { Verdict } from "../score.ts";

/** After so long the rows that are left give errors: halving may take many statements. */
const MOST_MS = 20_000;

/** Scores by a function of the project. */
export const sql = defineEvaluator({
  schema: z.strictObject({
    type: z.literal("sql"),
    function: z.string().min(1).describe(
      "A function that the project's owner has registered, with its schema, such as public.is_known_city",
    ),
    ...referencedFields,
  }),
  example: { type: "sql", function: "public.is_known_city" },
  summary:
    "What does a function of your own database say? It is `(prompt text, response text, reference text, metadata jsonb)` and returns " +
    "boolean, numeric or jsonb `{score?, passed?, category?, explanation?}`; the owner registers it with " +
    "`select register_evaluation_function('public.is_known_city')`. It is called read-only as the role pipeline_evaluator, " +
    "with 5 s for a hundred rows; where that fails, the rows are halved until the one is found that it fails for. " +
    "To read tables it needs `grant select on … to pipeline_evaluator`, and a policy where row level security is on.",
  score:
    "as the function says, from -1,000,000 to 1,000,000; of a boolean 1 or 0",
  passed: "as the function says",
  create: ({ function: name }) => ({
    batchSize: 100,
    scoreBatch: (subjects, context) =>
      callInHalves(name, subjects, context, context.now() + MOST_MS),
  }),
});

async function callInHalves(
  name: string,
  subjects: readonly Subject[],
  context: EvaluationContext,
  endsAt: number,
): Promise<Verdict[]> {
  if (context.now() > endsAt) {
    return subjects.map(() => ({
      error: "Cannot score: other rows took the time",
    }));
  }
  try {
    const answers = await context.callFunction(
      name,
      subjects.map(({ row, response, reference }) => ({
        prompt: row.prompt,
        response,
        reference,
        metadata: row.metadata,
      })),
    );
    return answers.map(toVerdict);
  } catch (error) {
    if (!(error instanceof FunctionFailure)) throw error;
    if (subjects.length === 1 || error.isOfAll || context.signal?.aborted) {
      const verdict = { error: `Cannot score: ${error.message}` };
      return subjects.map(() => verdict);
    }
    const middle = Math.ceil(subjects.length / 2);
    return [
      ...await callInHalves(name, subjects.slice(0, middle), context, endsAt),
      ...await callInHalves(name, subjects.slice(middle), context, endsAt),
    ];
  }
}

/** The function failed for these rows; the database itself is well. */
export class FunctionFailure extends Error {
  override readonly name = "FunctionFailure";

  /** @param isOfAll it would fail for any row: a right is missing, or it is not registered */
  constructor(message: string, readonly isOfAll = false) {
    super(message);
  }
}

function toVerdict(answer: unknown): Verdict {
  if (answer === null) {
    return { error: "Cannot score: the function gave null for this row" };
  }
  if (typeof answer === "boolean") {
    return { score: Number(answer), passed: answer };
  }
  return readScore(
    typeof answer === "number" ? { score: answer } : answer,
    "the function",
  );
}
