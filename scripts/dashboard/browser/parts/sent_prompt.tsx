import type { Message } from "../data/whole_answer.ts";
import { Folded } from "./answer_texts.tsx";
import { JsonText, Prose } from "./prose.tsx";

/** A prompt with what was sent before it. */
export function SentPrompt({ prompt, passages, sent, asMarkdown }: {
  prompt: string;
  /** What was retrieved for it, any JSON. */
  passages?: unknown;
  /** Null of answers that were stored from outside. */
  sent: {
    system_prompt?: string | null;
    template?: string | null;
    messages?: Message[] | null;
  } | null;
  asMarkdown: boolean;
}) {
  return (
    <section aria-label="Prompt">
      <Folded title="System prompt" text={sent?.system_prompt} />
      <Folded title="Template" text={sent?.template} />
      {(sent?.messages?.length ?? 0) > 0 && (
        <details open>
          <summary>Earlier turns</summary>
          {sent!.messages!.map(({ role, content }, place) => (
            <div key={place} class="turn">
              <b>{role}</b>
              {typeof content === "string"
                ? <Prose text={content} asMarkdown={asMarkdown} />
                : <JsonText value={content} />}
            </div>
          ))}
        </details>
      )}
      <h3>Prompt</h3>
      <Prose text={prompt} asMarkdown={asMarkdown} />
      <Folded title="Passages" json={passages} />
    </section>
  );
}
