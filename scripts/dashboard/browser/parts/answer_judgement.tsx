import type { WholeAnswer } from "../data/whole_answer.ts";
import { Age } from "./age.tsx";
import { Folded } from "./answer_texts.tsx";
import { Prose } from "./prose.tsx";
import { SaidBy } from "./said_by.tsx";
import { Score } from "./score.tsx";
import { VisibleText } from "./visible_text.tsx";

/** Scores with their reasons, and the votes of judges behind them. */
export function Scores(
  { answer: { scores, votes, labels } }: { answer: WholeAnswer },
) {
  if (scores.length + labels.length === 0) return null;
  return (
    <section>
      <h3>Scores</h3>
      <ul class="reasons">
        {scores.map((score) => (
          <li key={score.evaluator}>
            <b>
              <VisibleText text={score.evaluator} />
            </b>{" "}
            <Score score={withoutNulls(score)} />
            {score.category && (
              <>
                · <VisibleText text={score.category} />
              </>
            )}
            {(score.error ?? score.explanation) && (
              <Prose text={(score.error ?? score.explanation)!} />
            )}
            {votes.filter(({ evaluator }) => evaluator === score.evaluator).map(
              (vote) => (
                <Folded
                  key={vote.vote}
                  title={`Vote ${vote.vote} of the judge`}
                  // An answer may be empty: its vote is one all the same.
                  text={vote.answer || vote.explanation || vote.error || " "}
                />
              ),
            )}
          </li>
        ))}
        {labels.map((label, place) => (
          <li key={place}>
            <b>
              <VisibleText text={label.name} />
            </b>{" "}
            <SaidBy label={label} />
          </li>
        ))}
      </ul>
    </section>
  );
}

/** Lists leave out what is null; here it is there. */
function withoutNulls<Value extends object>(value: Value): Value {
  return Object.fromEntries(
    Object.entries(value).filter(([, part]) => part !== null),
  ) as Value;
}

/** Calls that failed before, or instead of, this answer. */
export function Attempts({ attempts }: Pick<WholeAnswer, "attempts">) {
  if (attempts.length === 0) return null;
  return (
    <section aria-label="Failed attempts">
      <h3>Failed attempts</h3>
      <ul class="reasons">
        {attempts.map((failure, place) => (
          <li key={place}>
            <b>
              <VisibleText text={`${failure.class}: ${failure.code}`} />
            </b>, <Age at={failure.created_at} /> ago
            {failure.final ? "" : ", tried again"}
            <Prose text={failure.message} />
          </li>
        ))}
      </ul>
    </section>
  );
}
