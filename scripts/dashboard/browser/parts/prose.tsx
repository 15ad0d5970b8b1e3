import { Markdown } from "./markdown.tsx";
import { toVisible } from "../../../pipeline/visible_text.ts";

/** A line that begins 50 or more quotes and lists within each other: thousands exhaust the stack. */
const TOO_DEEP = /^(?:[ \t]*(?:>|(?:[-*+]|\d{1,9}[.)])[ \t])){50}/m;

/** A long text of a stranger: as it was written, or read as Markdown. */
export function Prose(
  { text, asMarkdown }: { text: string; asMarkdown?: boolean },
) {
  return asMarkdown && !TOO_DEEP.test(text)
    ? <Markdown text={text} />
    : <div class="prose" dir="auto">{toVisible(text)}</div>;
}

/** A value as JSON, whatever it holds. */
export function JsonText({ value }: { value: unknown }) {
  return (
    <pre
      tabIndex={0}
      aria-label="JSON"
    >{toVisible(JSON.stringify(value, null, 2))}</pre>
  );
}
