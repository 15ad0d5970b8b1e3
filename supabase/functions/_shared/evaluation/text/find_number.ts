import { toPlainNotation } from "./plain_notation.ts";

/** Which number of a text counts. */
export type NumberChoice = "first" | "last" | "only";

/** The number of a text, or why there is none to be found. */
export type FoundNumber =
  | { number: number; problem?: never }
  /** `isUnclear`: there is one, and it can be read in two ways. */
  | { problem: string; isUnclear?: true };

export interface NumberNotation {
  which: NumberChoice;
  /** What stands before the decimals; the other sign may group thousands. */
  decimalMark: "." | ",";
}

/** Of a longer text its end, or for the first or only number its beginning. */
const MOST_CHARACTERS = 200_000;
const MOST_NUMBERS = 1_000;

/**
 * Finds a number as people and models write it: 42, -1,234.50, -$3.5, 6.02e23, 9 500, 1'000'000,
 * 12,34,567, 3/4, 1½, 3 × 10^8, 12 million. Digits that belong to a word or to another number (H2O,
 * 1.2.3's last part) do not count; a percent sign or a unit is ignored; a minus sign counts unless it
 * follows a letter or a digit. Spaces and apostrophes group thousands (SI brochure, 5.4.4), and so
 * does the sign of both that is not the decimal mark.
 */
export function findNumber(
  text: string,
  { which, decimalMark }: NumberNotation,
): FoundNumber {
  const { pattern, separator } = NOTATIONS[decimalMark];
  const searched = which === "last"
    ? text.slice(-MOST_CHARACTERS)
    : text.slice(0, MOST_CHARACTERS);
  const found = findSome(toPlainNotation(searched).matchAll(pattern), which);
  if (found.length === 0) return { problem: "no number" };
  const numbers = found.map((match) => toNumber(match, separator));
  const place = which === "last" ? numbers.length - 1 : 0;
  const number = numbers[place];
  const pair = pairAround(found, place, separator);
  if (pair !== undefined) return unclear(`"${pair}"`);
  if (number === undefined) return unclear(`"${found[place][0]}"`);
  if (!numbers.every((read) => Number.isFinite(read ?? 0))) {
    return { problem: "a number too large" };
  }
  if (which === "only" && new Set(numbers).size > 1) {
    return { problem: `${found.length} numbers, not one` };
  }
  return { number };
}

/** Each match is an object of a kilobyte: only those are kept that are looked at. */
function findSome(
  matches: Iterable<RegExpExecArray>,
  which: NumberChoice,
): RegExpExecArray[] {
  const found: RegExpExecArray[] = [];
  for (const match of matches) {
    found.push(match);
    if (found.length < MOST_NUMBERS) continue;
    if (which !== "last") break;
    found.splice(0, MOST_NUMBERS / 2);
  }
  return found;
}

function unclear(written: string): FoundNumber {
  return {
    problem: `${written} can be read in two ways, set decimalMark or pattern`,
    isUnclear: true,
  };
}

/** English; of those that mean another number elsewhere see AMBIGUOUS. */
const MAGNITUDES: [words: RegExp, factor: number][] = [
  [/^(?:thousand|tausend)/, 1e3],
  [/^mi(?:llion|o)/, 1e6],
  [/^(?:milliard|mrd)/, 1e9],
  [/^billion/, 1e9],
  [/^trillion/, 1e12],
];
/** 10^9 in English, 10^12 where decimals have a comma. */
const AMBIGUOUS = /^[bt]rillion|^billion/;

const SPACES = "\\u0020\\u00a0\\u2007\\u2009\\u202f";
const CURRENCY = "(?:\\\\?\\p{Sc}|US\\$|(?:USD|EUR|GBP|CHF)(?=[ \\d]))";

const NOTATIONS = {
  ".": { pattern: numberPattern("\\.", ","), separator: "," },
  ",": { pattern: numberPattern(",", "\\."), separator: "." },
} as const;

/** Repetitions have bounds, or a list of a million parts would be read to its end from each of them. */
function numberPattern(mark: string, separator: string): RegExp {
  const groups = `\\d{1,3}(?<group>[${separator}'\u2019${SPACES}])\\d{3}` +
    `(?:\\k<group>\\d{3}){0,12}(?!\\d)`;
  const lakhs = `\\d{1,2}(?:${separator}\\d{2}){1,6}${separator}\\d{3}(?!\\d)`;
  const integer = `${groups}|${lakhs}|\\d+`;
  return new RegExp(
    `(?<![\\p{L}\\p{N}_]|\\d${mark})` +
      `(?<sign>[-+](?=[\\d${mark}]|${CURRENCY} ?[\\d${mark}]))?(?:${CURRENCY} ?)?` +
      `(?<number>(?:${integer})(?:${mark}\\d+)?|${mark}\\d+)` +
      `(?:(?<exponent>[eE][-+]?\\d+)` +
      `|(?: (?<numerator>\\d+))? ?/ ?(?<denominator>\\d+)(?![\\d/])` +
      `| ?(?:[×x·⋅*]|\\\\times|\\\\cdot) ?10 ?(?:\\^|\\*\\*) ?\\{?(?<power>[-+]?\\d+)\\}?` +
      `|[ -]?(?<magnitude>(?:thousand|tausend|million|mio|milliard|mrd|billion|trillion)\\p{L}*))?`,
    "giu",
  );
}

/** The value of a match; undefined where it depends on whose words they are. */
function toNumber(
  { groups = {} }: RegExpMatchArray,
  separator: "," | ".",
): number | undefined {
  const plain = groups.number
    .replace(/[^\d.,]/g, "").replaceAll(separator, "").replace(",", ".");
  const { sign, exponent = "", power = "0" } = groups;
  // As a text: 1.6 * 10 ** -19 is 1.6000000000000002e-19.
  const number = Number(`${plain}${exponent || `e${power}`}`);
  return multiply(sign === "-" ? -number : number, groups, separator);
}

function multiply(
  number: number,
  { numerator, denominator, magnitude }: Record<
    string,
    string | undefined
  >,
  separator: "," | ".",
): number | undefined {
  if (magnitude) {
    const word = magnitude.toLowerCase();
    if (separator === "." && AMBIGUOUS.test(word)) return undefined;
    return number * MAGNITUDES.find(([words]) => words.test(word))![1];
  }
  if (denominator === undefined) return number;
  const part = Number(numerator ?? Math.abs(number)) / Number(denominator);
  const sign = number < 0 || Object.is(number, -0) ? -1 : 1;
  return numerator === undefined ? sign * part : number + sign * part;
}

/**
 * Two numbers with nothing but the separator between them, such as 3,14: a list, or one number by
 * another notation. Three and more are a list.
 */
function pairAround(
  found: RegExpMatchArray[],
  place: number,
  separator: string,
): string | undefined {
  let first = place;
  let last = place;
  while (first > 0 && touches(found[first - 1], found[first], separator)) {
    first--;
  }
  while (
    last + 1 < found.length && touches(found[last], found[last + 1], separator)
  ) {
    last++;
  }
  return last - first === 1
    ? `${found[first][0]}${separator}${found[last][0]}`
    : undefined;
}

function touches(
  { 0: text, index = 0 }: RegExpMatchArray,
  next: RegExpMatchArray,
  separator: string,
): boolean {
  const end = index + text.length;
  return next.index === end + 1 && next.input?.[end] === separator;
}
