import { getDefaults, Lexer, type Token, Tokenizer, type Tokens } from "marked";

/**
 * Letters that are looked at again and again within a text: reading takes quadratic time of some, 11 s
 * for 30 KB of stars (markedjs/marked#4099). Counted and not timed, so that a text is read the same on
 * every machine.
 */
const MOST_WORK = 10_000_000;
const MOST_LETTERS = 200_000;
/** Lists and quotes within each other: reading takes cubic time of them, and drawing them the stack. */
const MOST_DEPTH = 50;

/** Thrown through marked to end it. */
class TooMuch extends Error {}

/** Reads as marked does, as long as it is not too much. */
class PatientTokenizer extends Tokenizer {
  #work = 0;
  #depth = 0;

  // Tried first for every piece of a line, with all that follows.
  override escape(rest: string) {
    this.#work += rest.length;
    if (this.#work > MOST_WORK) throw new TooMuch();
    return super.escape(rest);
  }
  override list(rest: string) {
    return this.#within(() => super.list(rest));
  }
  override blockquote(rest: string) {
    return this.#within(() => super.blockquote(rest));
  }

  #within<Found>(read: () => Found): Found {
    if (++this.#depth > MOST_DEPTH) throw new TooMuch();
    const found = read();
    this.#depth--;
    return found;
  }
}

/** The tokens of a Markdown text; undefined: it is nested too deep, or reading it takes too long. */
export function readMarkdown(text: string): Token[] | undefined {
  if (text.length > MOST_LETTERS) return undefined;
  try {
    const tokens = new Lexer({
      ...getDefaults(),
      tokenizer: new PatientTokenizer(),
    }).lex(text);
    return isWithin(2 * MOST_DEPTH, tokens) ? tokens : undefined;
  } catch (error) {
    // RangeError: it has exhausted the stack of marked.
    if (error instanceof TooMuch || error instanceof RangeError) {
      return undefined;
    }
    throw error;
  }
}

/** Whether tokens go no deeper; what is within a line may, too. */
function isWithin(depth: number, tokens: Token[]): boolean {
  return depth > 0 &&
    tokens.every((token) =>
      // Lists hold items; the cells of tables hold no blocks.
      isWithin(depth - 1, (token as Tokens.Generic).items ?? []) &&
      isWithin(depth - 1, (token as Tokens.Generic).tokens ?? [])
    );
}
