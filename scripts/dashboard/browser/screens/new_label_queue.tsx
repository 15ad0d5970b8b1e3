import { type Facets, readFacets } from "../data/answers.ts";
import { toCall } from "../data/call_sql.ts";
import { readExperiments } from "../data/experiments.ts";
import { mayChange } from "../data/grader.ts";
import { go, here, to } from "../data/here.ts";
import type { LabelQueue } from "../data/label_queues.ts";
import { callFunction } from "../data/project.ts";
import { KINDS, readQueueDraft } from "../data/queue_draft.ts";
import { useLoaded } from "../data/use_loaded.ts";
import { Action } from "../parts/action.tsx";
import { Field } from "../parts/field.tsx";
import { boundTo } from "../parts/fields_of_address.ts";
import { SqlText } from "../parts/sql_text.tsx";
import type { Screen, ScreenProps } from "../screen.ts";

/** A form that queues answers of an experiment for people. All of it is in the address. */
export const newLabelQueue: Screen = {
  path: "labels/new",
  title: () => "New label queue",
  body: NewLabelQueue,
};

function NewLabelQueue({ query }: ScreenProps) {
  const { experiment, owner = null } = query;
  const facets = useLoaded(
    experiment && JSON.stringify(["facets", experiment, owner]),
    (signal) =>
      readFacets(
        { run_id: null, experiment_name: experiment, owner },
        signal,
      ),
  );
  return (
    <div class="new-run">
      <WhatFields query={query} facets={facets.value} />
      <WhoFields query={query} />
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
                  "create_evaluation_label_queue",
                  // As it is at that moment: a field is told when it is left.
                  readQueueDraft(here.value.query),
                );
                go(to(["labels", id]));
              }}
            />
          )
          : (
            <span class="notice">
              This dashboard only reads: take the SQL along and run it where you
              may write.
            </span>
          )}
      </p>
      <SqlText
        sql={toCall("create_evaluation_label_queue", readQueueDraft(query))}
      />
    </div>
  );
}

/** Which answers, and what is asked of them. */
function WhatFields(
  { query, facets }: { query: Record<string, string>; facets?: Facets },
) {
  const experiments = useLoaded("experiments", readExperiments);
  const names = [
    ...new Set(experiments.value?.map((row) => row.experiment_name)),
  ];
  const { kind, evaluator } = query;
  const at = (name: string) => boundTo(query, name);
  return (
    <fieldset>
      <legend>Answers and question</legend>
      <div class="fields">
        <Field
          label="Experiment"
          suggestions={names}
          {...at("experiment")}
        />
        <Field label="Asked is" choices={KINDS} {...at("kind")} />
        {kind === "pair" && (
          <Field label="Against" suggestions={names} {...at("against")} />
        )}
        {kind === "category" && (
          <>
            <Field
              label="Categories, one a line"
              kind="lines"
              {...at("categories")}
            />
            <Field
              label="Those that pass"
              kind="lines"
              {...at("passing")}
            />
          </>
        )}
        {kind === "score" && (
          <>
            <Field
              label="Lowest grade"
              kind="number"
              placeholder="1"
              {...at("lowest")}
            />
            <Field
              label="Highest grade"
              kind="number"
              placeholder="5"
              {...at("highest")}
            />
            <Field
              label="Passes from"
              kind="number"
              placeholder="grades do not pass"
              {...at("pass_from")}
            />
          </>
        )}
        <Field
          label={kind === "pair" ? "Pairs" : "Answers"}
          kind="number"
          placeholder="60"
          hint="Drawn by chance, one a prompt"
          {...at("items")}
        />
        <Field
          label="Evaluator to be measured"
          suggestions={facets?.evaluators}
          placeholder="none"
          {...at("evaluator")}
        />
        <Field
          label="Chosen"
          choices={evaluator
            ? [["", "half of each of its verdicts"], ["random", "at random"]]
            : [["", "at random"]]}
          {...at("choose")}
        />
      </div>
    </fieldset>
  );
}

/** Who labels, and what they are told. */
function WhoFields({ query }: { query: Record<string, string> }) {
  const at = (name: string) => boundTo(query, name);
  return (
    <fieldset>
      <legend>People</legend>
      <div class="fields">
        <Field
          label="Instructions, Markdown"
          kind="lines"
          {...at("instructions")}
        />
        <Field
          label="Reviewers, a user id a line"
          kind="lines"
          hint='Empty: everybody whose app metadata has {"pipeline": ["label"]}'
          {...at("reviewers")}
        />
        <Field
          label="Name of the queue"
          placeholder={query.experiment}
          {...at("name")}
        />
        <Field
          label="Name of the labels"
          placeholder={query.kind === "pair" ? "preference" : "quality"}
          {...at("label")}
        />
        <Field
          label="People each"
          kind="number"
          placeholder="1"
          {...at("people")}
        />
        <Field
          label="Show model, scores and other labels"
          kind="switch"
          {...at("seen")}
        />
      </div>
    </fieldset>
  );
}
