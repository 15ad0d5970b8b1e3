/**
 * The text as Postgres can store it: U+0000 and lone surrogates, which JSON may hold, become U+FFFD.
 */
export function cleanText(text: string): string {
  const wellFormed = text.isWellFormed() ? text : text.toWellFormed();
  return wellFormed.includes("\0")
    ? wellFormed.replaceAll("\0", "\uFFFD")
    : wellFormed;
}
