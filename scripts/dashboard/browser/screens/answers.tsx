import { toFilter } from "../data/answer_query.ts";
import {
  type AnswerChoice,
  type AnswersOf,
  type Facets,
  readFacets,
} from "../data/answers.ts";
import { here, to } from "../data/here.ts";
import { useAnswers } from "../data/use_answers.ts";
import { useLoaded } from "../data/use_loaded.ts";
import { AnswerFilters } from "../parts/answer_filters.tsx";
import { AnswerPanel } from "../parts/answer_panel.tsx";
import { AnswerTable } from "../parts/answer_table.tsx";
import { LabelLink } from "../parts/label_link.tsx";
import { PositionBar } from "../parts/position_bar.tsx";
import { ScoreStrip } from "../parts/score_strip.tsx";
import { SearchState } from "../parts/search_state.tsx";
import { Waiting } from "../parts/waiting.tsx";
import type { Screen } from "../screen.ts";

/** The answers of a run. */
export const answersOfRun: Screen = {
  path: "runs/:run/answers",
  title: ({ run }) => `Answers of run ${run}`,
  body: ({ values: { run } }) => (
    <>
      <p class="actions">
        <a class="button" href={to(["runs", run])}>Run {run}</a>
      </p>
      <Answers
        of={{ run_id: Number(run), experiment_name: null, owner: null }}
      />
    </>
  ),
};

/** The answers of an experiment, of `owner` in the query. */
export const answersOfExperiment: Screen = {
  path: "experiments/:name/answers",
  title: ({ name }) => `Answers of ${name}`,
  body: ({ values: { name } }) => {
    const { owner } = here.value.query;
    return (
      <>
        <p class="actions">
          <a class="button" href={to(["runs"], { experiment: name })}>
            Runs of this experiment
          </a>
          <LabelLink
            query={{ experiment: name, owner }}
            words="Have people label some"
          />
        </p>
        <Answers
          of={{ run_id: null, experiment_name: name, owner: owner ?? null }}
        />
      </>
    );
  },
};

function Answers(
  { of }: { of: AnswersOf },
) {
  const facets = useLoaded(
    JSON.stringify(["facets", of]),
    (signal) => readFacets(of, signal),
  );
  return (
    <Waiting loaded={facets}>
      {(facets) => <KnownAnswers of={of} facets={facets} />}
    </Waiting>
  );
}

function KnownAnswers(
  { of, facets }: {
    of: AnswersOf;
    facets: Facets;
  },
) {
  const { query } = here.value;
  const results_table = query.table ?? facets.results_tables[0] ??
    "prompt_evaluations";
  const sort = query.sort ?? "key";
  const evaluator = query.evaluator ?? facets.evaluators[0];
  const choice: AnswerChoice = {
    ...of,
    results_table,
    sort,
    filter: toFilter(sort === "worst" ? { ...query, evaluator } : query),
  };
  const answers = useAnswers(choice, query.at ?? null);
  const { window } = answers;
  return (
    <>
      <AnswerFilters facets={facets} />
      {evaluator && (
        <ScoreStrip of={{ ...of, results_table }} evaluator={evaluator} />
      )}
      <SearchState answers={answers} done={facets.done} />
      {window && (
        <div class="beside">
          <AnswerTable
            answers={window.rows}
            showModel={facets.models.length > 1}
            evaluators={query.evaluator ? [query.evaluator] : facets.evaluators}
            open={query.row}
            count={-1}
            onEdge={(edge) =>
              answers.more(edge === "end" ? "next" : "previous")}
            empty={answers.searched === undefined && "No answer is like that."}
          />
          {sort === "key" && (
            <PositionBar rows={window.rows} marks={facets.key_marks} />
          )}
        </div>
      )}
      {query.row && (
        <AnswerPanel
          resultsTable={results_table}
          rows={window?.rows ?? []}
          graded={answers.refresh}
        />
      )}
    </>
  );
}
