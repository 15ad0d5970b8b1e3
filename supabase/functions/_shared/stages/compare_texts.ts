import type { TextsToEmbed } from "../evaluation/judging/question.ts";
import type { ModelCaller } from "../model/call_model.ts";
import { sizeOf } from "../model/embedding_vector.ts";
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

/**
 * Compares texts by their embeddings: one call for those that are not known yet, whose vectors are kept.
 * Known vectors of another length are of a model that has changed under its name: they are asked for
 * anew, and replaced.
 */
export async function compareTexts(
  { judge, texts, compare }: TextsToEmbed,
  signal: AbortSignal,
  { embedder, ownModel, findVector }: EmbedDependencies,
): Promise<TaskOutcome> {
  const { model = ownModel, parameters } = judge;
  const requests = texts.map((embed) => ({ embed, model, parameters }));
  const known = await Promise.all(requests.map(findVector));
  const found = new Map<EmbedRequest, string>();
  requests.forEach((request, place) => {
    const vector = known[place];
    if (vector !== null) found.set(request, vector);
  });
  if (!areOfOneSize(found)) found.clear();
  const missing = requests.filter((request) => !found.has(request));
  if (missing.length === 0) {
    return toOutcome(compareFound(), { model, cached: true });
  }
  const embedded: { request: EmbedRequest; vector: string }[] = [];
  let facts: CallFacts | undefined;
  let asked = missing;
  while (asked.length > 0) {
    const wanted = asked.map(({ embed }) => embed);
    const result = await embedder.call({
      prompt: wanted.at(-1)!,
      messages: wanted.slice(0, -1)
        .map((content) => ({ role: "user" as const, content })),
      parameters: { ...parameters, model },
      signal,
    });
    const isFirst = facts === undefined;
    facts = addFacts(toCallFacts(result), facts);
    if (!result.ok) {
      const error = toJudgeError(result.error);
      // A call that met a rate limit counts as free, and the one before it was paid for.
      if (!isFirst && error.class === "rate") error.class = "transient";
      return { outcome: "failed", error, ...facts };
    }
    const given: string[] = JSON.parse(result.text);
    if (given.length !== asked.length) {
      const problem =
        `Cannot score: the endpoint "${judge.endpoint}" gave ${given.length} embeddings for ${asked.length} texts`;
      return { ...toFailure("unreadable_answer", problem), ...facts };
    }
    asked.forEach((request, place) => {
      embedded.push({ request, vector: given[place] });
      found.set(request, given[place]);
    });
    asked = areOfOneSize(found)
      ? []
      : requests.filter((request) =>
        !embedded.some((text) => text.request === request)
      );
  }
  return { ...toOutcome(compareFound(), facts!), embedded };

  function compareFound() {
    return compare(requests.map((request) => found.get(request)!));
  }
}

function areOfOneSize(vectors: Map<EmbedRequest, string>): boolean {
  return new Set([...vectors.values()].map(sizeOf)).size <= 1;
}

type CallFacts = ReturnType<typeof toCallFacts>;

/** The facts of two calls together, of which the earlier one was paid for. */
function addFacts(facts: CallFacts, earlier?: CallFacts): CallFacts {
  if (!earlier) return facts;
  const { isUnpaid: _, ...paid } = facts;
  return {
    ...paid,
    inputTokens: addKnown(facts.inputTokens, earlier.inputTokens),
    outputTokens: addKnown(facts.outputTokens, earlier.outputTokens),
    durationMs: facts.durationMs + earlier.durationMs,
  };
}

/** Undefined where an endpoint tells nothing of either: nothing used would cost nothing. */
function addKnown(one?: number, other?: number): number | undefined {
  return one === undefined ? other : one + (other ?? 0);
}

function toOutcome(
  { error, ...verdict }: ReturnType<TextsToEmbed["compare"]>,
  facts: object,
): TaskOutcome {
  return error === undefined
    ? { outcome: "succeeded", vote: verdict, ...facts }
    : { ...toFailure("not_comparable", error), ...facts };
}
