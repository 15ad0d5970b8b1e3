/**
 * Removes `<tag>…</tag>` blocks that a program put around or into what a person typed. Plain searches
 * instead of a regular expression: a message full of opening tags must not take quadratic time.
 */
export function withoutBlocks(text: string, tags: Iterable<string>): string {
  let rest = text;
  for (const tag of tags) {
    if (rest.includes(`<${tag}`)) rest = withoutBlock(rest, tag);
  }
  return rest === text ? text : rest.trim();
}

function withoutBlock(text: string, tag: string): string {
  const close = `</${tag}>`;
  let kept = "";
  let from = 0;
  for (;;) {
    const start = text.indexOf(`<${tag}`, from);
    const end = start < 0 ? -1 : text.indexOf(close, start);
    if (end < 0) return kept + text.slice(from);
    kept += text.slice(from, start);
    from = end + close.length;
  }
}

/** The inside of the first `<tag>…</tag>`, or undefined when there is none. */
export function insideBlock(text: string, tag: string): string | undefined {
  const open = `<${tag}>`;
  const start = text.indexOf(open);
  const end = start < 0 ? -1 : text.indexOf(`</${tag}>`, start);
  return end < 0 ? undefined : text.slice(start + open.length, end).trim();
}

/** True when the text opens with one of these, leading white space aside. */
export function opensWith(text: string, openings: readonly string[]): boolean {
  const start = text.trimStart();
  return openings.some((opening) => start.startsWith(opening));
}
