import type { Combination, Question } from "../evaluation/judging/question.ts";

/** The payload of a judge task: which of the questions that an evaluator asks about a row. */
export interface JudgePayload {
  evaluationId: number;
  evaluator: string;
  /** From 1 to `votes`; the last one in writes the score. */
  vote: number;
  votes: number;
  /** How they make it. */
  combine?: Combination;
  /** The opposite of what they come to passes. */
  not?: true;
  /** The question was asked before, and what came back could not be read. */
  again?: true;
  /** Model parameters of the judge, by which money is set aside. */
  parameters?: Record<string, unknown>;
}

/** The task that asks a question. */
export function toJudgeTask(
  { judge, prompt, responseSchema }: Question,
  payload: JudgePayload,
) {
  const { evaluationId, evaluator, vote, again } = payload;
  const sent = prompt + JSON.stringify(responseSchema ?? "");
  return {
    stage: "judge",
    endpoint: judge.endpoint,
    key: `${evaluationId}:${evaluator}:${vote}${again ? ":again" : ""}`,
    // Four bytes a token is the vendors' own rule of thumb for English text.
    tokens: Math.ceil(new TextEncoder().encode(sent).length / 4),
    payload: { ...payload, parameters: judge.parameters },
  };
}
