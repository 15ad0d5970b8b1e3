/** The text as Postgres can store it: lone surrogates, which JSON may hold, become U+FFFD. */
export function cleanText(text: string): string {
  return text.isWellFormed() ? text : text.toWellFormed();
}
