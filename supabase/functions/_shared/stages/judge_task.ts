import type { Combination, Question } from "../evaluation/judging/question.ts";

/** Which of the questions that an evaluator asks about a row. */
export interface AskedVote {
  evaluator: string;
  /** From 1 to `votes`; the last one in writes the score. */
  vote: number;
  votes: number;
  /** How they make it. */
  combine?: Combination;
  /** The opposite of what they come to passes. */
  not?: true;
}

/** The payload of a judge task. */
export interface JudgePayload extends AskedVote {
  evaluationId: number;
  /** What is asked in the same call, by an API of typed questions. */
  beside?: AskedVote[];
  /** The question was asked before, and what came back could not be read. */
  again?: true;
  /** Model parameters of the judge, by which money is set aside. */
  parameters?: Record<string, unknown>;
}

/** The task that asks a question. */
export function toJudgeTask(question: Question, payload: JudgePayload) {
  const { evaluationId, evaluator, vote, again } = payload;
  const { judge } = question;
  return {
    stage: "judge",
    endpoint: judge.endpoint,
    key: `${evaluationId}:${evaluator}:${vote}${again ? ":again" : ""}`,
    // Four bytes a token is the vendors' own rule of thumb for English text.
    tokens: Math.ceil(
      new TextEncoder().encode(sentBy(question)).length / 4,
    ),
    payload: { ...payload, parameters: judge.parameters },
  };
}

function sentBy(question: Question): string {
  return "texts" in question
    ? question.texts.join("")
    : question.prompt + JSON.stringify(question.responseSchema ?? "");
}

/**
 * The tasks that ask what evaluators ask about a row: one a question, but one for all that an API of
 * typed questions is asked about the same input. Of one evaluator a call has one vote.
 *
 * @param asksTyped whether an endpoint has such an API
 */
export function toJudgeTasks(
  asked: { question: Question; payload: JudgePayload }[],
  asksTyped: (endpoint: string) => boolean,
) {
  const calls = new Map<string, typeof asked>();
  for (const each of asked) {
    const { question, payload } = each;
    const { judge } = question;
    const isTyped = "typed" in question && asksTyped(judge.endpoint);
    const call = JSON.stringify([
      payload.evaluationId,
      payload.vote,
      ...isTyped ? [judge, question.typed.input] : [payload.evaluator],
    ]);
    calls.set(call, [...calls.get(call) ?? [], each]);
  }
  return [...calls.values()].map(([{ question, payload }, ...others]) => {
    if (others.length === 0) return toJudgeTask(question, payload);
    const beside = others.map(({ payload: { evaluationId: _, ...vote } }) =>
      vote
    );
    return toJudgeTask(question, { ...payload, beside });
  });
}
