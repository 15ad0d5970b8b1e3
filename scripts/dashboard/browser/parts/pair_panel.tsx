import { toAnswers } from "../data/answer_place.ts";
import type { Pair, Sides } from "../data/comparison.ts";
import { here, withQuery } from "../data/here.ts";
import { useLoaded } from "../data/use_loaded.ts";
import { readAnswer, type WholeAnswer } from "../data/whole_answer.ts";
import { Scores } from "./answer_judgement.tsx";
import { Diff } from "./diff.tsx";
import { Notice } from "./notice.tsx";
import { neighbours, Panel } from "./panel.tsx";
import { Prose } from "./prose.tsx";
import { Reference } from "./answer_texts.tsx";
import { Switch } from "./switch.tsx";
import { VisibleText } from "./visible_text.tsx";
import { Waiting } from "./waiting.tsx";

/** Both answers to a prompt side by side, whole, with what evaluators said of each. */
export function PairPanel({ sides, pairs, chosen }: {
  sides: Sides;
  pairs: Pair[];
  chosen: string;
}) {
  const place = pairs.findIndex(({ prompt_key }) => prompt_key === chosen);
  const pair = pairs[place];
  const loaded = useLoaded(
    // Ids are one sequence over all results tables.
    pair && JSON.stringify(["pair", pair.baseline_id, pair.candidate_id]),
    (signal) =>
      Promise.all([
        readAnswer(pair.baseline_table, pair.baseline_id, signal),
        readAnswer(pair.candidate_table, pair.candidate_id, signal),
      ]),
  );
  return (
    <Panel
      label="Both answers"
      close={withQuery({ pair: undefined })}
      steps={neighbours(pairs, place, ({ prompt_key }) =>
        withQuery({ pair: prompt_key }))}
    >
      <div class="actions">
        <Switch words="Markdown" letter="m" name="markdown" />
        <Switch words="Side by side" letter="d" name="aside" />
      </div>
      {!pair && <p class="hint">The prompt is not on this page.</p>}
      {pair && (
        <Waiting loaded={loaded} onlyOwn>
          {([before, now]) => (
            <PairBody
              pair={pair}
              before={before}
              now={now}
              sides={sides}
            />
          )}
        </Waiting>
      )}
    </Panel>
  );
}

function PairBody({ pair, before, now, sides }: {
  pair: Pair;
  before: WholeAnswer;
  now: WholeAnswer;
  sides: Sides;
}) {
  const { query } = here.value;
  const asMarkdown = query.markdown === "1";
  const { prompt, reference } = now.evaluation;
  return (
    <>
      <h3>Prompt</h3>
      <Prose text={prompt} asMarkdown={asMarkdown} />
      {query.aside === undefined && !asMarkdown && (
        <>
          <h3>What changed in the answer</h3>
          <Diff
            before={before.evaluation.response ?? ""}
            after={now.evaluation.response ?? ""}
          />
        </>
      )}
      <div class="sides">
        <Side
          words="Before"
          name={sides.baseline}
          owner={sides.owner}
          table={pair.baseline_table}
          answer={before}
          asMarkdown={asMarkdown}
        />
        <Side
          words="Now"
          name={sides.candidate}
          owner={sides.owner}
          table={pair.candidate_table}
          answer={now}
          asMarkdown={asMarkdown}
        />
      </div>
      <Reference text={reference} asMarkdown={asMarkdown} />
    </>
  );
}

function Side({ words, name, owner, table, answer, asMarkdown }: {
  words: string;
  name: string;
  owner: string | null;
  table: string;
  answer: WholeAnswer;
  asMarkdown: boolean;
}) {
  const { id, response, error } = answer.evaluation;
  return (
    <section aria-label={words}>
      <h3>
        {words}:{" "}
        <a
          href={toAnswers(name, { row: id, table, owner })}
        >
          <VisibleText text={name} />
        </a>
      </h3>
      <Notice kind="problem" text={error} />
      {response !== null && <Prose text={response} asMarkdown={asMarkdown} />}
      <Scores answer={answer} />
    </section>
  );
}
