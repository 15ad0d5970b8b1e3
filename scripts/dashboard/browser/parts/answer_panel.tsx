import type { ListedAnswer } from "../data/answers.ts";
import { go, here, withQuery } from "../data/here.ts";
import { useLoaded } from "../data/use_loaded.ts";
import { readAnswer } from "../data/whole_answer.ts";
import { AnswerBody } from "./answer_body.tsx";
import { Grade } from "./grade.tsx";
import { neighbours, Panel } from "./panel.tsx";
import { Switch } from "./switch.tsx";
import { Waiting } from "./waiting.tsx";

/** One answer beside the table, with all that led to it. */
export function AnswerPanel({ resultsTable, rows, graded }: {
  resultsTable: string;
  /** Its neighbours. */
  rows: ListedAnswer[];
  /** Called when a person has graded the answer. */
  graded: () => void;
}) {
  const { query } = here.value;
  const { row } = query;
  const loaded = useLoaded(
    JSON.stringify(["answer", resultsTable, row]),
    (signal) => readAnswer(resultsTable, Number(row), signal),
  );
  const place = rows.findIndex(({ id }) => String(id) === row);
  const steps = neighbours(rows, place, ({ id }) => withQuery({ row: id }));
  return (
    <Panel
      label={`Answer ${row}`}
      close={withQuery({ row: undefined, diff: undefined })}
      steps={steps}
    >
      <div class="actions">
        <Switch words="Markdown" letter="m" name="markdown" />
        <Switch
          words="Difference"
          letter="d"
          name="diff"
          value="reference"
        />
        <button
          type="button"
          data-key="y"
          onClick={() => navigator.clipboard.writeText(location.href)}
        >
          Copy link
        </button>
      </div>
      <Waiting loaded={loaded} onlyOwn>
        {(answer) => (
          <>
            <Grade
              resultsTable={resultsTable}
              id={answer.evaluation.id}
              owner={answer.evaluation.owner}
              labels={answer.labels}
              graded={() => {
                loaded.reload();
                graded();
              }}
              next={() => steps.next && go(steps.next, { replace: true })}
            />
            <AnswerBody
              answer={answer}
              asMarkdown={query.markdown === "1"}
              diff={query.diff}
            />
          </>
        )}
      </Waiting>
    </Panel>
  );
}
