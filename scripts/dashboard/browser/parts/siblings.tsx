import { toAnswer } from "../data/answer_place.ts";
import { withQuery } from "../data/here.ts";
import type { Sibling } from "../data/whole_answer.ts";
import { toDuration, toMoney } from "./formats.ts";
import { Score } from "./score.tsx";
import { VisibleText } from "./visible_text.tsx";

/** The same prompt in other experiments and runs; each opens the same way, and can be compared. */
export function Siblings(
  { siblings, owner, diff }: {
    siblings: Sibling[];
    /** Of the answer, and so of all of them. */
    owner: string | null;
    diff?: string;
  },
) {
  if (siblings.length === 0) return null;
  return (
    <section aria-label="The same prompt elsewhere">
      <h3>The same prompt elsewhere</h3>
      <ul class="reasons">
        {siblings.map((sibling) => (
          <li key={sibling.id}>
            <a href={toAnswer(sibling, owner)}>
              <VisibleText
                text={sibling.experiment_name ?? `run ${sibling.run_id}`}
              />
            </a>{" "}
            {sibling.model && <VisibleText text={sibling.model} />}{" "}
            {Object.entries(sibling.scores).map(([evaluator, score]) => (
              <span key={evaluator} class="pair">
                <VisibleText text={evaluator} /> <Score score={score} />
              </span>
            ))}
            <span class="hint">
              {toDuration(sibling.duration_ms)}, {toMoney(sibling.cost)}
            </span>{" "}
            {sibling.response !== null && (
              <a
                class="chip"
                href={withQuery({
                  diff: diff === String(sibling.id) ? undefined : sibling.id,
                })}
                aria-current={diff === String(sibling.id) ? "true" : undefined}
              >
                Difference
              </a>
            )}
            <div class="prose short" dir="auto">
              <VisibleText text={sibling.response ?? sibling.error ?? ""} />
            </div>
          </li>
        ))}
      </ul>
    </section>
  );
}
