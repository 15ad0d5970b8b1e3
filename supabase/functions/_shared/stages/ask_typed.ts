import type { SpokenQuestion, Vote } from "../evaluation/judging/question.ts";
import type { Task, TaskOutcome } from "../queue/task_queue.ts";
import { type AskDependencies, askJudge } from "./ask_judge.ts";
import { toFailure, toJudgeError } from "./judge_error.ts";

/** A question by the name of its evaluator, of which a call has one. */
export interface NamedQuestion {
  name: string;
  question: SpokenQuestion;
}

/**
 * Asks an API of typed questions several at once, about the same input. Each answer is a vote; the
 * task has failed when all of them are of no use, since asking a second time would give the same.
 *
 * @returns the outcome without its votes, and the votes in the order of the questions
 */
export async function askTyped(
  asked: NamedQuestion[],
  task: Task,
  signal: AbortSignal,
  dependencies: AskDependencies,
): Promise<{ outcome: TaskOutcome; votes: Vote[] }> {
  const [{ question: { judge, typed } }] = asked;
  const { result, facts, kept } = await askJudge(
    {
      prompt: typed.input,
      model: judge.model,
      parameters: {
        ...judge.parameters,
        questions: asked.map(({ name, question }) =>
          question.typed.toWire(name)
        ),
      },
    },
    task,
    signal,
    dependencies,
  );
  if (!result.ok) {
    const error = toJudgeError(result.error);
    return { outcome: { outcome: "failed", error, ...facts }, votes: [] };
  }
  const { text, finishReason } = result;
  const votes = asked.map(({ name, question }, place) => ({
    ...question.typed.read(text, { name, place }),
    answer: text,
  }));
  const problem = votes.every(({ error }) => error !== undefined)
    ? votes[0].error
    : undefined;
  return {
    outcome: problem === undefined
      ? { outcome: "succeeded", finishReason, ...facts, ...kept }
      : { ...toFailure("unreadable_answer", problem), ...facts },
    votes,
  };
}
