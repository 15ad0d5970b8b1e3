const ENTITIES: Record<string, string> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
  nbsp: " ",
  emsp: " ",
};

/** The words in a piece of HTML, with plain spaces instead of the kinds that pages use. */
export function wordsIn(html: string): string {
  return unescapeHtml(html.replace(/<[^<>]*>/g, ""))
    .replace(/[\u00a0\u202f]/g, " ").trim();
}

const LINE_END = /<br\s*\/?>|<\/(?:p|div|li|tr|pre|h[1-6]|blockquote)\s*>/gi;

/** The words of a text in HTML, a line for every block of it. */
export function textOfHtml(html: string): string {
  return wordsIn(html.replace(LINE_END, (end) => `${end}\n`))
    .replace(/[ \t]+\n/g, "\n").replace(/\n{3,}/g, "\n\n");
}

/** Text with the characters that entities of HTML stand for. */
export function unescapeHtml(html: string): string {
  return html.replace(
    /&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|([a-z]{2,4}));/gi,
    (entity, decimal, hex, name) => {
      if (name !== undefined) return ENTITIES[name] ?? entity;
      const code = decimal ? Number(decimal) : parseInt(hex, 16);
      return code > 0 && code < 0x110000 ? String.fromCodePoint(code) : entity;
    },
  );
}
