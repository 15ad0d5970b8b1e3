import { RE2JS } from "re2js";

/**
 * Most instructions of the patterns that a text is searched for together. RE2 takes time in
 * proportion to the text, but also to the pattern: about 20 ns per character and instruction, so
 * that `.{0,1000}` fifty times over would take minutes for a page of text.
 */
const MOST_INSTRUCTIONS = 1_000;

/**
 * The instructions of a compiled pattern, to be added to those of others.
 *
 * @throws {RangeError} when the sum is more than a text may be searched for
 */
export function addPatternSize(sum: number, pattern: RE2JS): number {
  const size = sum + pattern.programSize();
  if (size <= MOST_INSTRUCTIONS) return size;
  throw new RangeError(
    `it takes ${size} instructions, at most ${MOST_INSTRUCTIONS} are allowed: use smaller numbers of repetitions`,
  );
}
