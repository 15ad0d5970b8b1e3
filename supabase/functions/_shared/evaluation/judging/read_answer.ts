import type * as z from "zod";
import { asObject, isJsonObject } from "../../model/json_value.ts";
import { findJsonSpans } from "../text/json_spans.ts";

/** A judge says what it has to say at the end. */
const MOST_CHARACTERS = 100_000;
/** Of the objects in it the last ones. */
const MOST_OBJECTS = 20;

/**
 * Reads what a judge was asked for out of what it said: the last JSON object that fits, in words, in a
 * code block or after its thoughts; names of fields in any case, line ends within strings as they
 * are. Never the first: judges quote what they judge, and that may hold such an object, too. Where
 * brackets do not fit together, as when a quotation was not escaped, nobody can tell what is whose,
 * and nothing is read.
 *
 * @param readWords what an answer without any object means; null: nothing
 */
export function readAnswer<Answer>(
  text: string,
  schema: z.ZodType<Answer>,
  readWords: (words: string) => unknown = () => null,
): z.ZodSafeParseResult<Answer> {
  const spoken = withoutThoughts(text).slice(-MOST_CHARACTERS);
  const { spans, isBroken } = findJsonSpans(spoken, "objects");
  if (isBroken) return schema.safeParse(undefined);
  const answers = spans.length > 0
    ? spans.slice(-MOST_OBJECTS).map(parseObject).map(unwrap).reverse()
    : [readWords(toPlainWords(spoken))];
  const read = answers.map((answer) => schema.safeParse(answer));
  return read.find(({ success }) => success) ?? read[0];
}

/**
 * The answer after `<think>…</think>`, as DeepSeek and Qwen give it through Ollama or vLLM; their
 * templates may have opened the block already. One that begins with its object has not thought aloud.
 */
function withoutThoughts(text: string): string {
  if (/^[\s\ufeff]*[{`[]/.test(text)) return text;
  const closings = [...text.matchAll(/<\/think(?:ing)?>/gi)];
  const last = closings.at(-1);
  if (last) return text.slice(last.index + last[0].length);
  return /<think(?:ing)?>/i.test(text) ? "" : text;
}

function parseObject(span: string): Record<string, unknown> | undefined {
  try {
    const parsed = asObject(JSON.parse(escapeControls(span)));
    return Object.fromEntries(
      Object.entries(parsed).map(([name, value]) => [
        name.toLowerCase(),
        value,
      ]),
    );
  } catch {
    return undefined; // the schema refuses it, and the error quotes the text
  }
}

const WRAPPERS = new Set(["final", "result", "evaluation", "verdict"]);

/**
 * The object that is all there is in another, as gpt-oss wraps its answers, also as text
 * (rh-ai-quickstart/it-self-service-agent, pull request 422). Other names may be those of quotations.
 */
function unwrap(answer: Record<string, unknown> | undefined) {
  const [[name, value] = [], ...others] = Object.entries(answer ?? {});
  if (name === undefined || !WRAPPERS.has(name) || others.length > 0) {
    return answer;
  }
  return typeof value === "string"
    ? parseObject(value) ?? answer
    : isJsonObject(value)
    ? parseObject(JSON.stringify(value))
    : answer;
}

/** Line ends and tabs within strings, which models forget to escape; outside they are white space. */
function escapeControls(json: string): string {
  return json.replace(
    /"(?:[^"\\]|\\[^])*"/g,
    (quoted) =>
      quoted.replace(/[\n\r\t]/g, (sign) => JSON.stringify(sign).slice(1, -1)),
  );
}

function toPlainWords(text: string): string {
  return text.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, " ").trim();
}
