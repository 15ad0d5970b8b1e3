/** What looks like JSON objects and lists in a text, and whether anything between them is out of place. */
export interface JsonSpans {
  /** From the outermost opening bracket to its closing one, in the order of the text. */
  spans: string[];
  /** A bracket is closed that was not opened, or opened and never closed. */
  isBroken: boolean;
}

/**
 * Finds the outermost `{…}` and `[…]` of a text, in one pass: brackets within double quotes do not
 * count. What they hold need not be JSON.
 *
 * @param brackets which kinds are looked for
 */
export function findJsonSpans(
  text: string,
  brackets: "objects" | "objects and lists",
): JsonSpans {
  const opening = brackets === "objects" ? "{" : "{[";
  const closing = brackets === "objects" ? "}" : "}]";
  const spans: string[] = [];
  let isBroken = false;
  let depth = 0;
  let start = 0;
  let isQuoted = false;
  for (let at = 0; at < text.length; at++) {
    const sign = text[at];
    if (isQuoted) {
      if (sign === "\\") at++;
      else if (sign === '"') isQuoted = false;
    } else if (opening.includes(sign)) {
      if (depth++ === 0) start = at;
    } else if (closing.includes(sign)) {
      if (depth === 0) isBroken = true;
      else if (--depth === 0) spans.push(text.slice(start, at + 1));
    } else if (sign === '"' && depth > 0) {
      isQuoted = true;
    }
  }
  return { spans, isBroken: isBroken || depth > 0 };
}
