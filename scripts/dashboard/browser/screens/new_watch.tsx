import { readWatchDraft } from "../data/watch_draft.ts";
import { DraftForm } from "../parts/draft_form.tsx";
import { Field, Refused } from "../parts/field.tsx";
import { TableName, WhereField } from "../parts/table_fields.tsx";
import type { Screen } from "../screen.ts";

/** A form that writes a watch. */
export const newWatch: Screen = {
  path: "new-watch",
  title: () => "New watch",
  body: NewWatch,
};

function NewWatch() {
  return (
    <DraftForm
      read={readWatchDraft}
      submit="Start the watch"
      fields={[undefined, "variants", "template"]}
    >
      <fieldset>
        <legend>What an app stores</legend>
        <Refused fields={["source", "options"]} />
        <div class="fields">
          <TableName />
          <WhereField />
          <Field
            name="settle"
            label="A question waits for its answer"
            placeholder="5 minutes"
          />
          <Field
            name="context"
            label="Judges see"
            choices={[
              ["", "question and answer"],
              ["conversation", "the conversation before, too"],
            ]}
          />
          <Field name="redact" label="Replace personal data" kind="switch" />
        </div>
      </fieldset>
      <fieldset>
        <legend>How it is scored</legend>
        <div class="fields">
          <Field name="name" label="Name" />
          <Field
            name="evaluators"
            label="Evaluators"
            placeholder="refusal, language"
            hint="Names with commas between them, or JSON"
          />
          <Field
            name="sample"
            label="Share of the turns"
            kind="number"
            placeholder="1"
            hint="0.1 is every tenth, told by a hash"
          />
        </div>
      </fieldset>
      <fieldset>
        <legend>Limits and alarm</legend>
        <Refused fields={["limits"]} />
        <div class="fields">
          <Field
            name="max_cost"
            label="Costs at most a day, USD"
            kind="number"
            hint="What is over waits for the next day, of UTC"
          />
          <Field
            name="max_answers"
            label="At most so many turns a day"
            kind="number"
          />
          <Field
            name="window_turns"
            label="Turns of a window"
            kind="number"
            placeholder="200"
            hint="An alarm is told when a window is full"
          />
          <Field
            name="approved"
            label="Means that windows are measured by"
            kind="lines"
            placeholder="refusal = 0.02"
            hint="An evaluator and its mean a line; without it the first window"
          />
        </div>
      </fieldset>
    </DraftForm>
  );
}
