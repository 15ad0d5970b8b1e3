import { Markdown } from "./markdown.tsx";
import { toVisible } from "../../../pipeline/visible_text.ts";

/** A long text of a stranger: as it was written, or read as Markdown. */
export function Prose(
  { text, asMarkdown }: { text: string; asMarkdown?: boolean },
) {
  return asMarkdown
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
