import { HEDGES, LETTER, REFUSES } from "./refusal_phrases.ts";

/** A refusal is said in the beginning; later these words are mostly part of an answer. */
const BEGINNING = 400;

/**
 * The words by which a text declines to answer; undefined when it does not. Quotations, drafted
 * letters and sentences that go on to answer do not count.
 *
 * @param phrases more phrases that decline, folded
 */
export function findRefusal(
  text: string,
  phrases: readonly string[],
): string | undefined {
  const beginning = foldText(text.slice(0, 2 * BEGINNING)).slice(0, BEGINNING);
  const own = phrases.find((phrase) => beginning.includes(phrase));
  if (own !== undefined) return own;
  if (LETTER.test(beginning)) return undefined;
  const spoken = withoutQuotations(beginning);
  for (const sentence of spoken.split(/(?<=[.!?]) |(?<=[。！？])/)) {
    const said = REFUSES.exec(sentence);
    if (said && !HEDGES.test(sentence.slice(said.index))) return said[0];
  }
}

/** The form in which phrases are looked for. */
export function foldText(text: string): string {
  return text.normalize("NFC").replace(/[\u2018\u2019\u02bc]/g, "'")
    .replace(/<\/?[a-z]+>|[*_`#>]+/gi, "").replace(/\s+/g, " ").trim()
    .toLowerCase();
}

/** A text that is one quotation says what it says. */
function withoutQuotations(text: string): string {
  const rest = text
    .replace(
      /"[^"]*(?:"|$)|“[^”]*(?:”|$)|„[^“”]*(?:[“”]|$)|«[^»]*(?:»|$)/g,
      " ",
    )
    .replace(/(?<=[:,] )'[^']*'/g, " ")
    .replace(/^— ?[^—]*—?/, " ").trim();
  return /\p{L}/u.test(rest) ? rest : text;
}
