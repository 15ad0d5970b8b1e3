import type { EvaluationRow } from "../evaluation/evaluation_row.ts";
import type {
  EvaluationContext,
  Evaluator,
  JudgeRequest,
} from "../evaluation/evaluator.ts";
import type { Score } from "../evaluation/score.ts";
import type { ModelResult } from "../model/model_result.ts";
import type { TaskHandler } from "../queue/drain.ts";
import type { TaskOutcome } from "../queue/task_queue.ts";
import { CallInterrupted } from "./judge_calls.ts";
import type { TaskError } from "../task_error.ts";

/** A stored row with what finds the same prompt in other experiments. */
export interface StoredRow extends EvaluationRow {
  promptKey: string;
}

/** What the evaluate stage asks of the world; cheap evaluators only need the rows. */
export interface EvaluateDependencies {
  evaluators: Evaluator[];
  /** The rows of these ids that still exist. */
  readRows(ids: number[]): Promise<StoredRow[]>;
  /** Rejects with `CallInterrupted` when the call cannot be made now. */
  judge(request: JudgeRequest): Promise<ModelResult>;
  post(url: string, body: unknown): Promise<unknown>;
  findResponse(experiment: string, promptKey: string): Promise<string | null>;
}

/** Works on stage evaluate: scores the stored rows that a task names. */
export function createEvaluateHandler(
  { evaluators, readRows, judge, post, findResponse }: EvaluateDependencies,
): TaskHandler {
  return async function evaluateResponses(task, { signal }) {
    const { evaluationIds } = task.payload as { evaluationIds: number[] };
    const rows = await readRows(evaluationIds);
    const interrupted = new Set<number>();
    const failures: unknown[] = [];
    const contexts = new Map(rows.map((row) => [row.id, createContext(row)]));
    const scored = (await Promise.all(
      evaluators.map((evaluator) => scoreRows(evaluator, rows, contexts)),
    )).flat();
    if (signal.aborted) return null;
    // Not the judge's fault but ours or the database's: the whole task is tried again.
    if (failures.length > 0) throw failures[0];
    const stop = scored.find(({ score }) => score.failure?.class === "stop");
    if (stop) return toStop(stop.score.failure!);
    const done = rows.filter(({ id }) => !interrupted.has(id))
      .map(({ id }) => id);
    if (interrupted.size > 0 && done.length === 0) return null;
    return toOutcome(
      task.id,
      done,
      [...interrupted],
      scored.filter(({ id }) => !interrupted.has(id)),
    );

    function createContext(row: StoredRow): EvaluationContext {
      return {
        async judge(request) {
          try {
            return await judge(request);
          } catch (error) {
            // The evaluator would take it for a failure of the judge.
            if (error instanceof CallInterrupted) interrupted.add(row.id);
            else failures.push(error);
            throw error;
          }
        },
        post,
        responseIn: (experiment) => findResponse(experiment, row.promptKey),
        signal,
      };
    }
  };
}

interface ScoredRow {
  id: number;
  score: Score;
}

async function scoreRows(
  evaluator: Evaluator,
  rows: StoredRow[],
  contexts: Map<number, EvaluationContext>,
): Promise<ScoredRow[]> {
  if (rows.length === 0) return [];
  const scores = evaluator.evaluateBatch
    ? await evaluator.evaluateBatch(rows, contexts.get(rows[0].id)!)
    : await Promise.all(
      rows.map((row) => evaluator.evaluate(row, contexts.get(row.id)!)),
    );
  return scores.map((score, index) => ({ id: rows[index].id, score }));
}

function toStop(failure: TaskError): TaskOutcome {
  return {
    outcome: "failed",
    error: {
      ...failure,
      message: `The judge cannot be called: ${failure.message}`,
    },
  };
}

function toOutcome(
  taskId: number,
  done: number[],
  left: number[],
  scored: ScoredRow[],
): TaskOutcome {
  return {
    outcome: "succeeded",
    scores: scored.map(({ id, score }) => {
      const { failure: _, ...stored } = score;
      return { evaluationId: id, ...stored };
    }),
    // What was judged is kept; only the rest is left for another worker.
    ...left.length === 0 ? {} : {
      payload: { evaluationIds: done },
      enqueue: [{
        stage: "evaluate",
        key: `rest of ${taskId}`,
        payload: { evaluationIds: left },
      }],
    },
  };
}
