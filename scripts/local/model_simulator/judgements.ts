/** What every answer of these APIs says of its tokens. */
export interface Counted {
  model: string;
  inputTokens: number;
}

/**
 * The body with which the Decisions API answers typed questions, the first choice or the highest level
 * being the likeliest, or an API of embeddings gives vectors: the counts of letters, so that texts of
 * the same words are alike. Undefined for every other path.
 */
export function toJudgementBody(
  path: string,
  // deno-lint-ignore no-explicit-any -- bodies of three APIs, read leniently
  body: any,
  { model, inputTokens }: Counted,
): unknown {
  if (path.endsWith("/decisions")) {
    return {
      model,
      answers: (body?.questions ?? []).map(toAnswer),
      usage: {
        input_tokens: inputTokens,
        input_tokens_details: { cached_tokens: 0, cache_write_tokens: 0 },
        output_tokens: 0,
        output_tokens_details: { reasoning_tokens: 0 },
        total_tokens: inputTokens,
      },
    };
  }
  if (path.endsWith("/embeddings")) {
    const texts: string[] = [body?.input ?? []].flat();
    return {
      object: "list",
      model,
      data: texts.map((text, index) => ({
        object: "embedding",
        index,
        embedding: countLetters(text),
      })),
      usage: { prompt_tokens: inputTokens, total_tokens: inputTokens },
    };
  }
  if (path.endsWith(":batchEmbedContents")) {
    // deno-lint-ignore no-explicit-any -- as above
    const texts: string[] = (body?.requests ?? []).map((request: any) =>
      request.content.parts[0].text
    );
    return {
      embeddings: texts.map((text) => ({ values: countLetters(text) })),
      usageMetadata: { promptTokenCount: inputTokens },
    };
  }
}

// deno-lint-ignore no-explicit-any -- one of three kinds
function toAnswer({ type, name, choices, levels }: any): unknown {
  if (type === "predicate") return { type, name, probability: 0.9 };
  const options: unknown[] = choices ?? levels;
  const likeliest = choices ? 0 : options.length - 1;
  const probabilities = options.map((_, place) =>
    place === likeliest ? 0.9 : 0.1 / (options.length - 1)
  );
  if (type === "choice") {
    return {
      type,
      name,
      choice: choices[likeliest].value,
      confidence: 0.8,
      probabilities: probabilities.map((probability, place) => ({
        value: choices[place].value,
        probability,
      })),
    };
  }
  return {
    type,
    name,
    score: probabilities.reduce((sum, share, place) => sum + share * place, 0),
    confidence: 0.8,
    probabilities: probabilities.map((probability, value) => ({
      value,
      label: levels[value].label,
      probability,
    })),
  };
}

function countLetters(text: string): number[] {
  const counts = new Array(26).fill(0);
  for (const letter of text.toLowerCase()) {
    const place = letter.charCodeAt(0) - 97;
    if (place >= 0 && place < 26) counts[place]++;
  }
  return counts;
}
