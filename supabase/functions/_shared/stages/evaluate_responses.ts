import type { EvaluationRow } from "../evaluation/evaluation_row.ts";
import type { EvaluationContext, Evaluator } from "../evaluation/evaluator.ts";
import type { Question } from "../evaluation/judging/question.ts";
import type { Score } from "../evaluation/score.ts";
import type { TaskHandler } from "../queue/task_handler.ts";
import { toJudgeTasks } from "./judge_task.ts";
import type { Evaluation } from "./with_evaluators.ts";

/** After so long a task is stored as far as it is, so that no task is more than an isolate can do. */
const SLICE_MS = 250;
/** The same once the worker is to end: rows that take no time are not worth another task. */
const LAST_SLICE_MS = 25;
/** What the evaluators of one row may take together; who comes later gives an error instead. */
const ROW_MS = 1_000;

/**
 * Works on stage evaluate: scores the stored rows that a task names, and leaves each question to a
 * judge as a task of stage judge. Rows that there was no time for become another task.
 *
 * @param clock.onSpent told the milliseconds that a row took
 */
export function createEvaluateHandler(
  { evaluators, readRows, context, asksTyped }: Evaluation,
  { now, onSpent }: { now(): number; onSpent(milliseconds: number): void },
): TaskHandler {
  const local = evaluators.filter(({ evaluateBatch }) => !evaluateBatch);

  function evaluateRow(row: EvaluationRow, context: EvaluationContext) {
    const startedAt = now();
    const results = local.map((evaluator) => {
      const spent = now() - startedAt;
      const result = spent > ROW_MS
        ? outOfTime(evaluator, spent)
        : evaluator.evaluate(row, context);
      const toEvaluated = (result: Score | Question[]): Evaluated => ({
        evaluator,
        row,
        result,
      });
      // Most evaluators ask nobody: a promise for each score would cost more than the score.
      return result instanceof Promise
        ? result.then(toEvaluated)
        : toEvaluated(result);
    });
    onSpent(now() - startedAt);
    return results;
  }

  return async function evaluateResponses(task, { signal, isSpent }) {
    const { evaluationIds } = task.payload as { evaluationIds: number[] };
    const rows = local.length === 0 ? [] : await readRows(evaluationIds);
    const startedAt = now();
    const hasTime = () =>
      now() - startedAt < (isSpent() ? LAST_SLICE_MS : SLICE_MS);
    const pending: (Evaluated | Promise<Evaluated>)[] = [];
    let done = 0;
    while (done < rows.length && (done === 0 || hasTime())) {
      pending.push(...evaluateRow(rows[done++], { ...context, signal }));
    }
    const evaluated = await Promise.all(pending);
    if (signal.aborted) return null;
    const left = rows.slice(done).map(({ id }) => id);
    return {
      outcome: "succeeded",
      scores: evaluated.flatMap(({ row, result }) =>
        Array.isArray(result) ? [] : [{ evaluationId: row.id, ...result }]
      ),
      enqueue: [
        ...toJudgeTasks(evaluated.flatMap(toAsked), asksTyped),
        ...left.length === 0 ? [] : [{
          stage: "evaluate",
          key: crypto.randomUUID(),
          payload: { evaluationIds: left },
        }],
      ],
      // What is done is counted by what the task then names.
      payload: left.length === 0 ? undefined : {
        evaluationIds: evaluationIds.filter((id) => !left.includes(id)),
      },
    };
  };
}

interface Evaluated {
  evaluator: Evaluator;
  row: EvaluationRow;
  result: Score | Question[];
}

function outOfTime({ name }: Evaluator, spent: number): Score {
  return {
    evaluator: name,
    error: `Cannot score: the evaluators before it took ${
      Math.round(spent)
    } ms for this row, more than ${ROW_MS}`,
  };
}

function toAsked({ evaluator, row, result }: Evaluated) {
  if (!Array.isArray(result)) return [];
  return result.map((question, index) => ({
    question,
    payload: {
      evaluationId: row.id,
      evaluator: evaluator.name,
      vote: index + 1,
      votes: result.length,
      ...question.combine && { combine: question.combine },
      ...evaluator.not && { not: true as const },
    },
  }));
}
