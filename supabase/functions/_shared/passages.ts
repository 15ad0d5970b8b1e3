/** Where frameworks keep the words of a passage that is more than its words. */
const TEXT_NAMES = [
  "text",
  "content",
  "page_content",
  "pageContent",
  "passage",
  "chunk",
  "document",
];

/**
 * The passages that a retriever found for a prompt, the best first, from whatever a source says of
 * them: a text, a list of texts or of documents (LangChain's `page_content`, LlamaIndex' `text`), or
 * such a list as JSON in a cell. Undefined where there is none.
 */
export function toPassages(value: unknown): string[] | undefined {
  if (typeof value === "string") {
    const listed = /^\s*\[/.test(value) ? parseList(value) : undefined;
    return listed === undefined ? oneOf(value) : toPassages(listed);
  }
  if (!Array.isArray(value)) return oneOf(textOf(value));
  const texts = value.map(textOf).filter(isSaid);
  return texts.length === 0 ? undefined : texts;
}

function oneOf(text: string | undefined): string[] | undefined {
  return isSaid(text) ? [text] : undefined;
}

function isSaid(text: string | undefined): text is string {
  return text !== undefined && /\S/.test(text);
}

function textOf(passage: unknown): string | undefined {
  if (typeof passage === "string") return passage;
  if (typeof passage !== "object" || passage === null) return undefined;
  const fields = passage as Record<string, unknown>;
  const text = TEXT_NAMES.map((name) => fields[name])
    .find((value) => typeof value === "string");
  return text as string | undefined;
}

function parseList(cell: string): unknown[] | undefined {
  try {
    const parsed = JSON.parse(cell);
    return Array.isArray(parsed) ? parsed : undefined;
  } catch {
    return undefined; // a text that begins with a bracket
  }
}
