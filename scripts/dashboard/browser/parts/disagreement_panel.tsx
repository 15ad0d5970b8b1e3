import type { Disagreement } from "../data/agreement_answer.ts";
import { keyOf } from "../data/agreement.ts";
import { toAnswer } from "../data/answer_place.ts";
import { toListed } from "../data/answers.ts";
import { here, withQuery } from "../data/here.ts";
import { useLoaded } from "../data/use_loaded.ts";
import { readAnswer } from "../data/whole_answer.ts";
import { neighbours, Panel } from "./panel.tsx";
import { Prose } from "./prose.tsx";
import { Reference } from "./answer_texts.tsx";
import { SaidBy } from "./said_by.tsx";
import { Score } from "./score.tsx";
import { SentPrompt } from "./sent_prompt.tsx";
import { Switch } from "./switch.tsx";
import { Waiting } from "./waiting.tsx";

/** An answer, and beside each other what the judge and what people said of it. */
export function DisagreementPanel({ disagreements, chosen, owner }: {
  disagreements: Disagreement[];
  chosen: string;
  owner: string | null;
}) {
  const { query } = here.value;
  const place = disagreements.findIndex((one) => keyOf(one) === chosen);
  const one: Disagreement | undefined = disagreements[place];
  const loaded = useLoaded(
    one && JSON.stringify(["answer", one.results_table, one.id]),
    (signal) => readAnswer(one!.results_table, one!.id, signal),
  );
  const asMarkdown = query.markdown === "1";
  return (
    <Panel
      label="Judge and people"
      close={withQuery({ open: undefined })}
      steps={neighbours(disagreements, place, (row) =>
        withQuery({ open: keyOf(row) }))}
    >
      <div class="actions">
        <Switch words="Markdown" letter="m" name="markdown" />
      </div>
      {!one && <p class="hint">This answer is not among those shown.</p>}
      {one && (
        <>
          <BothSides one={one} />
          <Waiting loaded={loaded} onlyOwn>
            {({ evaluation, sent }) => (
              <>
                <p class="actions">
                  <a
                    class="button"
                    href={toAnswer({
                      ...evaluation,
                      results_table: one.results_table,
                    }, owner)}
                  >
                    Open the answer
                  </a>
                </p>
                <SentPrompt
                  prompt={evaluation.prompt}
                  sent={sent}
                  asMarkdown={asMarkdown}
                />
                <h3>Answer</h3>
                <Prose
                  text={evaluation.response ?? ""}
                  asMarkdown={asMarkdown}
                />
                <Reference
                  text={evaluation.reference}
                  asMarkdown={asMarkdown}
                />
              </>
            )}
          </Waiting>
        </>
      )}
    </Panel>
  );
}

function BothSides({ one: { judge, people } }: { one: Disagreement }) {
  return (
    <div class="sides">
      <section aria-label="Judge">
        <h3>Judge</h3>
        <Score score={toListed(judge)} />
        {judge.explanation && <Prose text={judge.explanation} />}
      </section>
      <section aria-label="People">
        <h3>People</h3>
        <ul class="reasons">
          {people.map((label, place) => (
            // Of a pair there are two of a person, one an order.
            <li key={place}>
              <SaidBy label={label} />
            </li>
          ))}
        </ul>
      </section>
    </div>
  );
}
