import { getDefaults, Lexer, type Token, Tokenizer, type Tokens } from "marked";

/** Nobody waits longer for a text: reading takes quadratic time of some (markedjs/marked#4099). */
const PATIENCE_MS = 500;

/** Elements within each other; thousands exhaust the stack of whoever draws them. */
const MOST_DEPTH = 100;

/** Thrown through marked to end it. */
class OutOfPatience extends Error {}

/**
 * The tokens of a Markdown text; undefined: it is nested too deep, or reading it takes too long.
 *
 * @param patience how many milliseconds it may take
 */
export function readMarkdown(
  text: string,
  patience = PATIENCE_MS,
): Token[] | undefined {
  const until = performance.now() + patience;
  function checkTime(): void {
    if (performance.now() > until) throw new OutOfPatience();
  }
  const tokenizer = new class extends Tokenizer {
    // Tried first for every block, and this for every piece within one.
    override space(rest: string) {
      checkTime();
      return super.space(rest);
    }
    override escape(rest: string) {
      checkTime();
      return super.escape(rest);
    }
  }();
  try {
    const tokens = new Lexer({ ...getDefaults(), tokenizer }).lex(text);
    return isWithin(MOST_DEPTH, tokens) ? tokens : undefined;
  } catch (error) {
    // RangeError: it has exhausted the stack of marked.
    if (error instanceof OutOfPatience || error instanceof RangeError) {
      return undefined;
    }
    throw error;
  }
}

function isWithin(depth: number, tokens: Token[]): boolean {
  return depth > 0 &&
    tokens.every((token) =>
      // Lists hold items; the cells of tables hold no blocks.
      isWithin(depth - 1, (token as Tokens.Generic).items ?? []) &&
      isWithin(depth - 1, (token as Tokens.Generic).tokens ?? [])
    );
}
