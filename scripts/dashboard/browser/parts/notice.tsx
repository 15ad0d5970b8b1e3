import { VisibleText } from "./visible_text.tsx";

/** What is to be minded, or has gone wrong; nothing where there is nothing to say. */
export function Notice({ text, kind = "notice" }: {
  text: string | null | undefined;
  kind?: "notice" | "problem";
}) {
  if (!text) return null;
  return (
    <p class={`${kind} lines`}>
      <VisibleText text={text} />
    </p>
  );
}
