/**
 * A page of help in lines of at most so many characters, broken between words. What goes on stands
 * below its description, where the line has one. Commands are left whole, to be copied.
 */
export function wrapLines(page: string, columns: number): string {
  const width = Math.min(columns, 100);
  return page
    // Paragraphs flow, lists do not.
    .replaceAll(/^(\S.{60,})\n(?=\S)/gm, "$1 ")
    .split("\n").map((line) => wrapLine(line, width)).join("\n");
}

function wrapLine(line: string, columns: number): string {
  if (line.length <= columns || /^ *deno task/.test(line)) return line;
  const indent = /^ *\S.*? {2,}/.exec(line)?.[0].length ??
    line.length - line.trimStart().length;
  const end = line.lastIndexOf(" ", columns);
  if (end <= indent || indent > columns / 2) return line;
  const rest = `${" ".repeat(indent)}${line.slice(end + 1)}`;
  return `${line.slice(0, end)}\n${wrapLine(rest, columns)}`;
}
