import { useMemo } from "preact/hooks";
import { toVisible } from "../../../pipeline/visible_text.ts";
import { Markdown } from "./markdown.tsx";
import { readMarkdown } from "./read_markdown.ts";

/** A long text of a stranger: as it was written, or read as Markdown. */
export function Prose(
  { text, asMarkdown = false }: { text: string; asMarkdown?: boolean },
) {
  const tokens = useMemo(
    () => asMarkdown ? readMarkdown(text) : undefined,
    [text, asMarkdown],
  );
  if (tokens) return <Markdown tokens={tokens} />;
  return (
    <>
      {asMarkdown && (
        <p class="hint">
          Shown as it was written: it takes too long to read as Markdown.
        </p>
      )}
      <div class="prose" dir="auto">{toVisible(text)}</div>
    </>
  );
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
