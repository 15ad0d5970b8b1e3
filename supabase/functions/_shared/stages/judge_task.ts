import type {
  Combination,
  Question,
  SpokenQuestion,
} from "../evaluation/judging/question.ts";

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

/** The task that asks a question in words, or for embeddings. */
export function toJudgeTask(question: Question, payload: JudgePayload) {
  const sent = "texts" in question
    ? question.texts.join("")
    : question.prompt + JSON.stringify(question.responseSchema ?? "");
  return toTask(question, payload, sent);
}

function toTask({ judge }: Question, payload: JudgePayload, sent: string) {
  const { evaluationId, evaluator, vote, again } = payload;
  return {
    stage: "judge",
    endpoint: judge.endpoint,
    key: `${evaluationId}:${evaluator}:${vote}${again ? ":again" : ""}`,
    // Four bytes a token is the vendors' own rule of thumb for English text.
    tokens: Math.ceil(new TextEncoder().encode(sent).length / 4),
    payload: { ...payload, parameters: judge.parameters },
  };
}

interface Asked<Kind extends Question = Question> {
  question: Kind;
  payload: JudgePayload;
}

/**
 * The tasks that ask what evaluators ask about a row: one a question, but one for all that an API of
 * typed questions is asked about the same input. Of one evaluator a call has one vote.
 *
 * @param asksTyped whether an endpoint has such an API
 */
export function toJudgeTasks(
  asked: Asked[],
  asksTyped: (endpoint: string) => boolean,
) {
  const together = new Map<string, Asked<SpokenQuestion>[]>();
  const alone: Asked[] = [];
  for (const { question, payload } of asked) {
    const { judge } = question;
    if ("texts" in question || !asksTyped(judge.endpoint)) {
      alone.push({ question, payload });
      continue;
    }
    const call = JSON.stringify([
      payload.evaluationId,
      payload.vote,
      judge,
      question.typed.input,
    ]);
    together.set(call, [...together.get(call) ?? [], { question, payload }]);
  }
  return [
    ...alone.map(({ question, payload }) => toJudgeTask(question, payload)),
    ...[...together.values()].map(toTypedTask),
  ];
}

function toTypedTask(asked: Asked<SpokenQuestion>[]) {
  const [{ question, payload }, ...others] = asked;
  const beside = others.map(({ payload: { evaluationId: _, ...vote } }) =>
    vote
  );
  const questions = asked.map(({ question, payload }) =>
    question.typed.toWire(payload.evaluator)
  );
  return toTask(
    question,
    { ...payload, ...beside.length > 0 && { beside } },
    question.typed.input + JSON.stringify(questions),
  );
}
