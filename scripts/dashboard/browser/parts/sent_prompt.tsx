import type { Message } from "../data/whole_answer.ts";
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
      {sent?.system_prompt && (
        <details>
          <summary>System prompt</summary>
          <Prose text={sent.system_prompt} />
        </details>
      )}
      {sent?.template && (
        <details>
          <summary>Template</summary>
          <Prose text={sent.template} />
        </details>
      )}
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
      {passages
        ? (
          <details>
            <summary>Passages</summary>
            <JsonText value={passages} />
          </details>
        )
        : null}
    </section>
  );
}
