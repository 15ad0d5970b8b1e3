import type { RE2JS } from "re2js";

/**
 * Most instructions of the patterns that a text is searched for together. RE2 takes time in
 * proportion to the text, but also to the pattern: about 20 ns per character and instruction, so
 * that `.{0,1000}` fifty times over would take minutes for a page of text.
 */
const MOST_INSTRUCTIONS = 1_000;

/**
 * The instructions of a pattern, to be added to those of others.
 *
 * @throws {RangeError} when the sum is more than a text may be searched for; without compiling when
 * that is clear before, because compiling takes up to 600 MB then
 */
export function addPatternSize(
  sum: number,
  source: string,
  compile: (source: string) => RE2JS,
): number {
  const atLeast = sum + estimateSize(source);
  if (atLeast > MOST_INSTRUCTIONS) throw tooLarge(atLeast);
  const size = sum + compile(source).programSize();
  if (size > MOST_INSTRUCTIONS) throw tooLarge(size);
  return size;
}

function tooLarge(size: number): RangeError {
  return new RangeError(
    `it takes ${size} instructions, at most ${MOST_INSTRUCTIONS} are allowed: use smaller numbers of repetitions`,
  );
}

/**
 * What one piece of a pattern is: an escape, a class, a number of repetitions, or one character.
 * Whoever counts wrong for a pattern of unusual writing only compiles it in vain.
 */
const PIECE =
  /\\Q.*?(?:\\E|$)|\\[xpP]\{[^}]*\}|\\.|\[\^?\]?(?:\\.|\[:\w+:\]|[^\]\\])*\]|\{(\d+)(?:,(\d*))?\}|./gsu;

/** Characters and classes of a pattern, repeated as often as its numbers in braces say. */
function estimateSize(source: string): number {
  const groups = [0];
  let last = 0;
  for (const [piece, least, most] of source.matchAll(PIECE)) {
    if (least !== undefined) {
      const times = Math.max(1, Number(least), Number(most ?? 0));
      groups[groups.length - 1] += last * (times - 1);
      last *= times;
    } else if (piece === "(") {
      groups.push(0);
    } else if (piece === ")" && groups.length > 1) {
      last = groups.pop()!;
      groups[groups.length - 1] += last;
    } else if (!/^[*+?|]$/.test(piece)) {
      last = 1;
      groups[groups.length - 1] += last;
    }
  }
  return groups.reduce((sum, size) => sum + size, 0);
}
