import { toVisible } from "../visible_text.ts";

/**
 * Text of strangers as a code span of Markdown, in one line: no markup, no link, nobody who is
 * mentioned is told. The fence is longer than any run of back-ticks in the text
 * (https://spec.commonmark.org/0.31.2/#code-spans).
 */
export function toCode(text: string): string {
  const line = toVisible(text.replace(/\s+/g, " ").trim()) || " ";
  const runs = line.match(/`+/g) ?? [];
  const fence = "`".repeat(1 + Math.max(0, ...runs.map((run) => run.length)));
  const space = /^`|`$/.test(line) ? " " : "";
  return `${fence}${space}${line}${space}${fence}`;
}
