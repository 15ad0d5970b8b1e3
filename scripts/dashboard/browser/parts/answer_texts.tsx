import { JsonText, Prose } from "./prose.tsx";

/** The answer as it should have been; nothing where there is none. */
export function Reference(
  { text, asMarkdown }: { text: string | null; asMarkdown: boolean },
) {
  if (text === null) return null;
  return (
    <section aria-label="Reference">
      <h3>Reference</h3>
      <Prose text={text} asMarkdown={asMarkdown} />
    </section>
  );
}

/** Calls in an answer, any JSON; null: none. */
export function ToolCalls({ calls }: { calls: unknown }) {
  if (calls === null) return null;
  return (
    <>
      <h4>Tools that it asked to call</h4>
      <JsonText value={calls} />
    </>
  );
}

/** A text, or any JSON, that opens on wish; nothing where there is neither. */
export function Folded(
  { title, text, json }: {
    title: string;
    text?: string | null;
    json?: unknown;
  },
) {
  if (!text && !json) return null;
  return (
    <details>
      <summary>{title}</summary>
      {text ? <Prose text={text} /> : <JsonText value={json} />}
    </details>
  );
}
