import type { TextsToEmbed } from "../evaluation/judging/question.ts";
import type { ModelCaller } from "../model/call_model.ts";
import type { TaskOutcome } from "../queue/task_queue.ts";
import { toCallFacts } from "./call_facts.ts";
import { toFailure, toJudgeError } from "./judge_error.ts";

/** What a text is embedded with, as the database knows its vector again. */
export interface EmbedRequest {
  embed: string;
  model?: string;
  parameters: Record<string, unknown>;
}

export interface EmbedDependencies {
  /** The endpoint, asked for embeddings. */
  embedder: ModelCaller;
  /** Its model where an evaluator names none: vectors of another are not comparable. */
  ownModel?: string;
  /** The vector of the same text, by `packVector()`; null: nobody has asked for it in the last 30 days. */
  findVector(request: EmbedRequest): Promise<string | null>;
}

/** Compares texts by their embeddings: one call for those that are not known yet, whose vectors are kept. */
export async function compareTexts(
  { judge, texts, compare }: TextsToEmbed,
  signal: AbortSignal,
  { embedder, ownModel, findVector }: EmbedDependencies,
): Promise<TaskOutcome> {
  const { model = ownModel, parameters } = judge;
  const requests = texts.map((embed) => ({ embed, model, parameters }));
  const vectors = await Promise.all(requests.map(findVector));
  const missing = requests.filter((_, place) => vectors[place] === null);
  if (missing.length === 0) {
    return toOutcome(compare(vectors as string[]), { model, cached: true });
  }
  const wanted = missing.map(({ embed }) => embed);
  const result = await embedder.call({
    prompt: wanted.at(-1)!,
    messages: wanted.slice(0, -1)
      .map((content) => ({ role: "user" as const, content })),
    parameters: { ...parameters, model },
    signal,
  });
  const facts = toCallFacts(result);
  if (!result.ok) {
    return { outcome: "failed", error: toJudgeError(result.error), ...facts };
  }
  const given: string[] = JSON.parse(result.text);
  if (given.length !== missing.length) {
    const problem =
      `Cannot score: the endpoint "${judge.endpoint}" gave ${given.length} embeddings for ${missing.length} texts`;
    return { ...toFailure("unreadable_answer", problem), ...facts };
  }
  const embedded = missing.map((request, place) => ({
    request,
    vector: given[place],
  }));
  const all = requests.map((request, place) =>
    vectors[place] ?? given[missing.indexOf(request)]
  );
  return { ...toOutcome(compare(all), facts), embedded };
}

function toOutcome(
  { error, ...verdict }: ReturnType<TextsToEmbed["compare"]>,
  facts: object,
): TaskOutcome {
  return error === undefined
    ? { outcome: "succeeded", vote: verdict, ...facts }
    : { ...toFailure("not_comparable", error), ...facts };
}
