/** Which number of a text counts. */
export type NumberChoice = "first" | "last" | "only";

/** The number of a text, or why there is none to be found. */
export type FoundNumber = { number: number } | { problem: string };

export interface NumberNotation {
  which: NumberChoice;
  /** What stands before the decimals; the other sign may group thousands. */
  decimalMark: "." | ",";
}

/**
 * Finds a number such as 42, -1,234.50, $3.5 or 6.02e23. Digits that belong to a word or to another
 * number (H2O, 1.2.3's last part) do not count; a percent sign or a unit is ignored; a minus sign
 * counts unless it follows a letter or a digit.
 */
export function findNumber(
  text: string,
  { which, decimalMark }: NumberNotation,
): FoundNumber {
  const found = text.match(decimalMark === "." ? POINT : COMMA) ?? [];
  if (found.length === 0) return { problem: "no number" };
  const numbers = found.map((source) => toNumber(source, decimalMark));
  if (!numbers.every(Number.isFinite)) return { problem: "a number too large" };
  if (which === "only" && new Set(numbers).size > 1) {
    return { problem: `${found.length} numbers, not one` };
  }
  return {
    number: which === "last" ? numbers[numbers.length - 1] : numbers[0],
  };
}

const POINT = numberPattern("\\.", ",");
const COMMA = numberPattern(",", "\\.");

function numberPattern(mark: string, separator: string): RegExp {
  const integer = `\\d{1,3}(?:${separator}\\d{3})+(?!\\d)|\\d+`;
  return new RegExp(
    `(?<![\\p{L}\\p{N}_]|\\d${mark})(?:[-+\u2212](?=[\\d${mark}]))?` +
      `(?:(?:${integer})(?:${mark}\\d+)?|${mark}\\d+)(?:[eE][-+]?\\d+)?`,
    "gu",
  );
}

function toNumber(source: string, decimalMark: "." | ","): number {
  const plain = decimalMark === "."
    ? source.replaceAll(",", "")
    : source.replaceAll(".", "").replace(",", ".");
  return Number(plain.replace("\u2212", "-"));
}
