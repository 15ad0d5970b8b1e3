/** A text for people, of at most so many characters, whose end shows that it goes on. */
export function clip(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}

/** Text that Postgres can store: it takes neither NUL nor half a surrogate pair. */
export function toStorable(text: string, most: number): string {
  return clip(text.replaceAll("\0", "\ufffd"), most).toWellFormed();
}
