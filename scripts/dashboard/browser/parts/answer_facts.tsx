import { to } from "../data/here.ts";
import type { WholeAnswer } from "../data/whole_answer.ts";
import { Facts } from "./facts.tsx";
import { toDuration, toMoney, toNumber, toWords } from "./formats.ts";
import { JsonText } from "./prose.tsx";
import { VisibleText } from "./visible_text.tsx";

/** Where an answer comes from, and what it took. */
export function AnswerFacts(
  { evaluation, sent }: Pick<WholeAnswer, "evaluation" | "sent">,
) {
  const { source } = evaluation;
  // The conversations of archives are objects, but `source` may hold anything.
  const { title, id } = Object(source?.conversation);
  const words = (value: unknown) => {
    const text = toWords(value);
    return text === undefined ? undefined : <VisibleText text={text} />;
  };
  const count = (value: number | null) =>
    value === null ? undefined : toNumber(value);
  return (
    <section aria-label="Details">
      <h3>Details</h3>
      <Facts
        facts={{
          Model: words(evaluation.model),
          Endpoint: words(sent?.endpoint),
          Run: evaluation.run_id === null
            ? undefined
            : <a href={to(["runs", evaluation.run_id])}>{evaluation.run_id}</a>,
          Experiment: words(evaluation.experiment_name),
          Time: toDuration(evaluation.duration_ms),
          Cost: toMoney(evaluation.cost),
          "Tokens in": count(evaluation.input_tokens),
          "of them cached": count(evaluation.cached_input_tokens),
          "Tokens out": count(evaluation.output_tokens),
          "of them reasoning": count(evaluation.reasoning_tokens),
          Ended: words(evaluation.finish_reason),
          Attempts: count(evaluation.attempts),
          Repetition: evaluation.repetition > 1
            ? String(evaluation.repetition)
            : undefined,
          Stored: new Date(evaluation.timestamp).toLocaleString(),
          Archive: words(source?.path),
          Conversation: words(title ?? id ?? source?.conversation),
          Key: words(evaluation.prompt_key),
          Tags: words(evaluation.tags.join(", ")),
        }}
      />
      {sent?.parameters && Object.keys(sent.parameters).length > 0 && (
        <details>
          <summary>Parameters</summary>
          <JsonText value={sent.parameters} />
        </details>
      )}
      <details>
        <summary>Metadata and source</summary>
        <JsonText value={{ metadata: evaluation.metadata, source }} />
      </details>
    </section>
  );
}
