import { RE2JS } from "re2js";
import * as z from "zod";
import { addPatternSize } from "../../pattern_size.ts";

/**
 * A regular expression of a user. It is RE2's, which runs in linear time: no pattern, however
 * malicious, can hang a worker.
 */
export const patternSchema = z.string().min(1).max(2000)
  .superRefine((source, context) => {
    const problem = problemOfPattern(source);
    if (problem) context.addIssue({ code: "custom", message: problem });
  });

/** Characters of a text that a pattern sees. */
export const MOST_SEARCHED = 1_000_000;

/** Characters times instructions of a pattern, at 20 ns each at worst: half a second. */
const MOST_STEPS = 25_000_000;

/**
 * Refuses to search a text that would take the pattern too long: linear is not short.
 *
 * @throws {RangeError} which says how long both are
 */
export function checkSearch(pattern: RE2JS, { length }: string): void {
  const instructions = pattern.programSize();
  if (length * instructions <= MOST_STEPS) return;
  throw new RangeError(
    `the pattern takes ${instructions} instructions for each of ${length} characters, more than ${MOST_STEPS} in all`,
  );
}

/** Why a pattern cannot be used; undefined when it can. */
export function problemOfPattern(source: string): string | undefined {
  try {
    addPatternSize(0, source, compilePattern);
  } catch (error) {
    return `Cannot use the pattern ${source}: ${(error as Error).message}; ` +
      "the syntax is that of RE2, without look-around and back-references";
  }
}

/** Compiles a pattern, in NFC as the texts it meets; JavaScript's \u00e9 is understood. */
export function compilePattern(
  source: string,
  { ignoreCase = false }: { ignoreCase?: boolean } = {},
): RE2JS {
  return RE2JS.compile(
    RE2JS.translateRegExp(source.normalize("NFC")),
    ignoreCase ? RE2JS.CASE_INSENSITIVE : 0,
  );
}
