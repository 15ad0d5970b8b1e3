import { type Facets, readFacets } from "../data/answers.ts";
import { toCall } from "../data/call_sql.ts";
import { namesOf, readExperimentNames } from "../data/experiments.ts";
import { mayChange } from "../data/grader.ts";
import { go, here, to } from "../data/here.ts";
import type { LabelQueue } from "../data/label_queue_answer.ts";
import { callFunction } from "../data/project.ts";
import { KINDS, readQueueDraft } from "../data/queue_draft.ts";
import { useLoaded } from "../data/use_loaded.ts";
import { attempt } from "../data/written.ts";
import { Action } from "../parts/action.tsx";
import { TAKE_THE_SQL } from "../parts/draft_form.tsx";
import { Field, RefusalOfPage } from "../parts/field.tsx";
import { SqlText } from "../parts/sql_text.tsx";
import type { Screen } from "../screen.ts";

/** A form that queues answers of an experiment for people. All of it is in the address. */
export const newLabelQueue: Screen = {
  path: "labels/new",
  title: () => "New label queue",
  body: NewLabelQueue,
};

const CREATE = "create_evaluation_label_queue";

function NewLabelQueue() {
  const { query } = here.value;
  const { experiment, owner = null } = query;
  const facets = useLoaded(
    experiment && JSON.stringify(["facets", experiment, owner]),
    (signal) =>
      readFacets(
        { run_id: null, experiment_name: experiment, owner },
        signal,
      ),
  );
  const { read: draft, refusal } = attempt(() => readQueueDraft(query));
  return (
    <div class="new-run">
      <RefusalOfPage.Provider value={refusal}>
        <WhatFields facets={facets.value} />
        <WhoFields />
      </RefusalOfPage.Provider>
      {/* Above what grows by what is written, or a click would miss it. */}
      <p class="actions">
        {mayChange(owner)
          ? (
            <Action
              isPrimary
              isAllowed
              words="Make the queue"
              act={async () => {
                const { id } = await callFunction<LabelQueue>(
                  CREATE,
                  // As it is at that moment: a field is told when it is left.
                  readQueueDraft(here.value.query),
                );
                go(to(["labels", id]));
              }}
            />
          )
          : <span class="notice">{TAKE_THE_SQL}</span>}
      </p>
      {draft && <SqlText sql={toCall(CREATE, draft)} />}
    </div>
  );
}

/** Which answers, and what is asked of them. */
function WhatFields(
  { facets }: { facets?: Facets },
) {
  const experiments = useLoaded("experiment names", readExperimentNames);
  const names = namesOf(experiments.value ?? []);
  const { kind, evaluator } = here.value.query;
  return (
    <fieldset>
      <legend>Answers and question</legend>
      <div class="fields">
        <Field
          name="experiment"
          label="Experiment"
          suggestions={names}
        />
        <Field
          name="kind"
          label="Asked is"
          choices={KINDS}
        />
        {kind === "pair" && (
          <Field
            name="against"
            label="Against"
            suggestions={names}
          />
        )}
        {kind === "category" && (
          <>
            <Field
              name="categories"
              label="Categories, one a line"
              kind="lines"
            />
            <Field
              name="passing"
              label="Those that pass"
              kind="lines"
            />
          </>
        )}
        {kind === "score" && (
          <>
            <Field
              name="lowest"
              label="Lowest grade"
              kind="number"
              placeholder="1"
            />
            <Field
              name="highest"
              label="Highest grade"
              kind="number"
              placeholder="5"
            />
            <Field
              name="pass_from"
              label="Passes from"
              kind="number"
              placeholder="grades do not pass"
            />
          </>
        )}
        <Field
          name="items"
          label={kind === "pair" ? "Pairs" : "Answers"}
          kind="number"
          placeholder="60"
          hint="Drawn by chance, one a prompt"
        />
        <Field
          name="evaluator"
          label="Evaluator to be measured"
          suggestions={facets?.evaluators}
          placeholder="none"
        />
        <Field
          name="choose"
          label="Chosen"
          choices={evaluator
            ? [["", "half of each of its verdicts"], ["random", "at random"]]
            : [["", "at random"]]}
        />
      </div>
    </fieldset>
  );
}

/** Who labels, and what they are told. */
function WhoFields() {
  const { query } = here.value;
  return (
    <fieldset>
      <legend>People</legend>
      <div class="fields">
        <Field
          name="instructions"
          label="Instructions, Markdown"
          kind="lines"
        />
        <Field
          name="reviewers"
          label="Reviewers, a user id a line"
          kind="lines"
          hint='Empty: everybody whose app metadata has {"pipeline": ["label"]}'
        />
        <Field
          name="name"
          label="Name of the queue"
          placeholder={query.experiment}
        />
        <Field
          name="label"
          label="Name of the labels"
          placeholder={query.kind === "pair" ? "preference" : "quality"}
        />
        <Field
          name="people"
          label="People each"
          kind="number"
          placeholder="1"
        />
        <Field
          name="seen"
          label="Show model, scores and other labels"
          kind="switch"
        />
      </div>
    </fieldset>
  );
}
