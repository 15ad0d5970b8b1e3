import type { EvaluationRow } from "../evaluation/evaluation_row.ts";
import type { EvaluationContext, Evaluator } from "../evaluation/evaluator.ts";
import type { Question } from "../evaluation/judging/question.ts";
import type { Score } from "../evaluation/score.ts";
import type { TaskHandler } from "../queue/drain.ts";
import type { JudgePayload } from "./judge_responses.ts";
import type { Evaluation } from "./with_evaluators.ts";

/**
 * Works on stage evaluate: scores the stored rows that a task names, and leaves each question to a
 * judge as a task of stage judge.
 */
export function createEvaluateHandler(
  { evaluators, readRows, context }: Evaluation,
): TaskHandler {
  return async function evaluateResponses(task, { signal }) {
    const { evaluationIds } = task.payload as { evaluationIds: number[] };
    const rows = await readRows(evaluationIds);
    const evaluated = (await Promise.all(
      evaluators.map((evaluator) =>
        evaluateRows(evaluator, rows, { ...context, signal })
      ),
    )).flat();
    if (signal.aborted) return null;
    return {
      outcome: "succeeded",
      scores: evaluated.flatMap(({ row, result }) =>
        Array.isArray(result) ? [] : [{ evaluationId: row.id, ...result }]
      ),
      enqueue: evaluated.flatMap(({ evaluator, row, result }) =>
        Array.isArray(result)
          ? result.map((question, index) =>
            toJudgeTask(question, {
              evaluationId: row.id,
              evaluator,
              vote: index + 1,
              votes: result.length,
            })
          )
          : []
      ),
    };
  };
}

interface Evaluated {
  evaluator: string;
  row: EvaluationRow;
  result: Score | Question[];
}

async function evaluateRows(
  evaluator: Evaluator,
  rows: EvaluationRow[],
  context: EvaluationContext,
): Promise<Evaluated[]> {
  if (rows.length === 0) return [];
  const results = evaluator.evaluateBatch
    ? await evaluator.evaluateBatch(rows, context)
    : await Promise.all(rows.map((row) => evaluator.evaluate(row, context)));
  return results.map((result, index) => ({
    evaluator: evaluator.name,
    row: rows[index],
    result,
  }));
}

function toJudgeTask({ judge, prompt }: Question, payload: JudgePayload) {
  const { evaluationId, evaluator, vote } = payload;
  return {
    stage: "judge",
    endpoint: judge.endpoint,
    key: `${evaluationId}:${evaluator}:${vote}`,
    // Four bytes a token is the vendors' own rule of thumb for English text.
    tokens: Math.ceil(new TextEncoder().encode(prompt).length / 4),
    payload: { ...payload, parameters: judge.parameters },
  };
}
