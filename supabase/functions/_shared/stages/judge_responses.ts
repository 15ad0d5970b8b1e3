import type { EvaluationRow } from "../evaluation/evaluation_row.ts";
import type {
  Question,
  SpokenQuestion,
  Vote,
} from "../evaluation/judging/question.ts";
import type { TaskHandler } from "../queue/task_handler.ts";
import type { Task, TaskOutcome } from "../queue/task_queue.ts";
import type { TaskError } from "../task_error.ts";
import {
  type AskDependencies,
  askJudge,
  type JudgeRequest,
} from "./ask_judge.ts";
import { askTyped, type NamedQuestion } from "./ask_typed.ts";
import { compareTexts, type EmbedDependencies } from "./compare_texts.ts";
import { toFailure, toJudgeError } from "./judge_error.ts";
import {
  type AskedVote,
  type JudgePayload,
  toJudgeTask,
} from "./judge_task.ts";
import type { Evaluation } from "./with_evaluators.ts";

export interface JudgeDependencies
  extends Evaluation, AskDependencies, EmbedDependencies {}

/**
 * Works on stage judge: one call per task, whose answer is one vote, or of an API of typed questions a
 * vote for each. A question whose answer cannot be read, or whose schema the endpoint refuses, is
 * asked once more in words alone, by a task of its own.
 */
export function createJudgeHandler(
  dependencies: JudgeDependencies,
): TaskHandler {
  const { evaluators, readRows, context, asksTyped } = dependencies;
  /** False after the endpoint has refused one: it would refuse the others, too. */
  let takesSchema = true;

  return async function judgeResponse(task, { signal }) {
    const payload = task.payload as JudgePayload;
    const [row] = await readRows([payload.evaluationId]);
    const found = await Promise.all(
      [payload, ...payload.beside ?? []].map((asked) =>
        find(asked, row, signal)
      ),
    );
    const questions = found.filter(isNamed);
    if (questions.length === 0) return toKnownOutcome(found as Vote[]);
    const [{ question }] = questions;
    if ("texts" in question) {
      return compareTexts(question, signal, dependencies);
    }
    // The endpoint's row may have been changed since: one answer is no vote for several.
    if (!asksTyped(question.judge.endpoint) && payload.beside === undefined) {
      return askInWords(question, task, signal);
    }
    const { outcome, votes } = await askTyped(
      questions as NamedQuestion[],
      task,
      signal,
      dependencies,
    );
    // What nobody needed to be asked about has its vote in its place.
    const all = found.map((each) => isNamed(each) ? votes.shift() ?? {} : each);
    return { ...outcome, vote: all.length > 1 ? all : all[0] };
  };

  /** What is to be asked, or a vote that nobody needs to be asked for. */
  async function find(
    { evaluator: name, vote }: AskedVote,
    row: EvaluationRow | undefined,
    signal: AbortSignal,
  ): Promise<Vote | { name: string; question: Question }> {
    const evaluator = evaluators.find((known) => known.name === name);
    if (!row || !evaluator) {
      return { error: "Cannot score: the row or its evaluator is gone" };
    }
    const asked = await evaluator.evaluate(row, { ...context, signal });
    if (Array.isArray(asked)) return { name, question: asked[vote - 1] };
    const { evaluator: _, ...verdict } = asked;
    return verdict;
  }

  async function askInWords(
    question: SpokenQuestion,
    task: Task,
    signal: AbortSignal,
  ): Promise<TaskOutcome> {
    const payload = task.payload as JudgePayload;
    const hasSchema = takesSchema && !payload.again;
    const request = toRequest(question, { hasSchema, again: payload.again });
    const { result, facts, kept } = await askJudge(
      request,
      task,
      signal,
      dependencies,
    );
    const askAgain = (error: string, answer?: string) => ({
      outcome: "succeeded" as const,
      vote: { error, answer, isAskedAgain: true },
      enqueue: [toJudgeTask(question, { ...payload, again: true })],
      ...facts,
    });
    if (!result.ok) {
      if (hasSchema && isAboutSchema(result.error)) {
        takesSchema = false;
        return askAgain(toJudgeError(result.error).message);
      }
      return { outcome: "failed", error: toJudgeError(result.error), ...facts };
    }
    const { text: answer, finishReason } = result;
    const { error, ...verdict } = question.read(result);
    if (error !== undefined) {
      if (!payload.again) return askAgain(error, answer);
      return {
        ...toFailure("unreadable_answer", error),
        vote: { answer },
        ...facts,
      };
    }
    return {
      outcome: "succeeded",
      vote: { ...verdict, answer },
      finishReason,
      ...facts,
      ...kept,
    };
  }
}

function isNamed(
  found: Vote | { name: string; question: Question },
): found is { name: string; question: Question } {
  return "question" in found;
}

function toKnownOutcome(votes: Vote[]): TaskOutcome {
  const problem = votes.every(({ error }) => error !== undefined)
    ? votes[0].error
    : undefined;
  return {
    ...problem === undefined
      ? { outcome: "succeeded" as const }
      : toFailure("nothing_to_judge", problem),
    ...(problem === undefined || votes.length > 1) &&
      { vote: votes.length > 1 ? votes : votes[0] },
  };
}

function toRequest(
  { prompt, judge: { model, parameters }, responseSchema }: SpokenQuestion,
  { hasSchema, again }: { hasSchema: boolean; again?: boolean },
): JudgeRequest {
  return {
    prompt: again
      ? `${prompt}\n\nThe JSON object alone: an answer in another form could not be read.`
      : prompt,
    model,
    parameters: hasSchema ? { responseSchema, ...parameters } : parameters,
  };
}

/**
 * Whether a request was refused for its response schema, which many servers that speak OpenAI's API do
 * not know: "This response_format type is unavailable now" (DeepSeek), "does not support response
 * format `json_schema`" (Groq), "Unknown name responseJsonSchema" (Gemini).
 */
function isAboutSchema({ class: errorClass, message }: TaskError): boolean {
  return errorClass !== "rate" && errorClass !== "transient" &&
    /response.?format|json.?schema|response.?schema|output_(?:config|format)|structured.?output/i
      .test(message);
}
