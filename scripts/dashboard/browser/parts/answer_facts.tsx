import { to } from "../data/here.ts";
import type { WholeAnswer } from "../data/whole_answer.ts";
import { Clock } from "./age.tsx";
import { Facts } from "./facts.tsx";
import { toDuration, toMoney, toNumber, toWords } from "./formats.ts";
import { Folded } from "./answer_texts.tsx";

/** Where an answer comes from, and what it took. */
export function AnswerFacts(
  { evaluation, sent }: Pick<WholeAnswer, "evaluation" | "sent">,
) {
  const { source, run_id } = evaluation;
  // The conversations of archives are objects, but `source` may hold anything.
  const { title, id } = Object(source?.conversation);
  const count = (value: number | null) => value !== null && toNumber(value);
  return (
    <section aria-label="Details">
      <h3>Details</h3>
      <Facts
        facts={{
          Model: evaluation.model,
          Endpoint: sent?.endpoint,
          Run: run_id && <a href={to(["runs", run_id])}>{run_id}</a>,
          Experiment: evaluation.experiment_name,
          Time: toDuration(evaluation.duration_ms),
          Cost: toMoney(evaluation.cost),
          "Tokens in": count(evaluation.input_tokens),
          "of them cached": count(evaluation.cached_input_tokens),
          "Tokens out": count(evaluation.output_tokens),
          "of them reasoning": count(evaluation.reasoning_tokens),
          Ended: evaluation.finish_reason,
          Attempts: count(evaluation.attempts),
          Repetition: evaluation.repetition > 1 && evaluation.repetition,
          Stored: <Clock at={evaluation.timestamp} withDay />,
          Archive: toWords(source?.path),
          Conversation: toWords(title ?? id ?? source?.conversation),
          Key: evaluation.prompt_key,
          Tags: evaluation.tags.join(", "),
        }}
      />
      {Object.keys(sent?.parameters ?? {}).length > 0 && (
        <Folded title="Parameters" json={sent!.parameters} />
      )}
      <Folded
        title="Metadata and source"
        json={{ metadata: evaluation.metadata, source }}
      />
    </section>
  );
}
