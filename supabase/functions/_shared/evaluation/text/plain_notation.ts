/** Zeros of scripts whose digits count upwards from there: Arabic, Persian, Devanagari, Bengali, full-width. */
const ZEROS = [0x0660, 0x06f0, 0x0966, 0x09e6, 0xff10];

const SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹";

/**
 * The text with its numbers in the signs of ASCII: digits of other scripts, minus signs and dashes,
 * fractions such as ½, and what LaTeX writes as `9{,}500`, `9\,500`, `\frac{3}{4}`; dates such
 * as 1/2/2026 no longer look like fractions. A decimal comma stays one.
 */
export function toPlainNotation(text: string): string {
  return text
    .replace(
      /[\u0660-\u0669\u06f0-\u06f9\u0966-\u096f\u09e6-\u09ef\uff10-\uff19]/g,
      toDigit,
    )
    .replace(/[\u2212\u2013\ufe63\uff0d]/g, "-")
    .replaceAll("\u066b", ".").replaceAll("\u066c", ",")
    // From each digit of a long number all others would be read.
    .replace(/(?<!\d)\d+(?:\/\d+){2,}/g, (date) => date.replaceAll("/", "|"))
    .replace(/\{([.,])\}/g, "$1")
    .replace(/(?<=\d)\\[,;:] ?(?=\d)/g, "\u2009")
    .replace(/\\[dt]?frac\{(-?\d+)\}\{(\d+)\}/g, "$1/$2")
    .replace(/10([⁺⁻]?)([⁰¹²³⁴⁵⁶⁷⁸⁹]+)/g, toPower)
    .replace(/(\d)?([\u00bc-\u00be\u2150-\u215e])/g, toFraction);
}

function toDigit(sign: string): string {
  const code = sign.charCodeAt(0);
  const zero = ZEROS.findLast((zero) => zero <= code)!;
  return String(code - zero);
}

function toPower(_: string, sign: string, digits: string): string {
  const power = [...digits].map((digit) => SUPERSCRIPTS.indexOf(digit));
  return `10^${sign === "⁻" ? "-" : ""}${power.join("")}`;
}

/** ½ is 1/2, and 1½ is 1 1/2. */
function toFraction(_: string, whole: string | undefined, sign: string) {
  const fraction = sign.normalize("NFKD").replace("\u2044", "/");
  return whole === undefined ? fraction : `${whole} ${fraction}`;
}
