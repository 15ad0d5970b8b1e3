import type { Draft } from "../data/draft.ts";
import { toInsert } from "../data/insert_sql.ts";
import { project } from "../data/project.ts";
import type { Refusal } from "../data/refusal.ts";
import { useStart } from "../data/use_start.ts";
import { readWatchDraft } from "../data/watch_draft.ts";
import { Field } from "../parts/field.tsx";
import { boundTo } from "../parts/fields_of_address.ts";
import { Refused } from "../parts/refused.tsx";
import { SqlText } from "../parts/sql_text.tsx";
import { TableName, WhereField } from "../parts/table_fields.tsx";
import type { Screen, ScreenProps } from "../screen.ts";

/** A form that writes a watch. All of it is in the address, as of a new run. */
export const newWatch: Screen = {
  path: "new-watch",
  title: () => "New watch",
  body: NewWatch,
};

function NewWatch({ query }: ScreenProps) {
  const { refusal, isSent, send } = useStart(query, readWritten);
  const draft = readWritten(query);
  const isReadOnly = project().home.readOnly;
  const at = (name: string) => ({
    ...boundTo(query, name),
    problem: refusal?.field === name ? refusal.words : undefined,
  });
  return (
    <form
      class="new-run"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      {isReadOnly && (
        <p class="notice">
          This dashboard only reads: take the SQL along and run it where you may
          write.
        </p>
      )}
      <fieldset>
        <legend>What an app stores</legend>
        <Refused refusal={refusal} fields={["source", "options"]} />
        <div class="fields">
          <TableName query={query} />
          <WhereField query={query} />
          <Field
            label="A question waits for its answer"
            placeholder="5 minutes"
            {...at("settle")}
          />
          <Field
            label="Judges see"
            {...at("context")}
            choices={[["", "question and answer"], [
              "conversation",
              "the conversation before, too",
            ]]}
          />
          <Field
            label="Replace personal data"
            kind="switch"
            {...at("redact")}
          />
        </div>
      </fieldset>
      <fieldset>
        <legend>How it is scored</legend>
        <div class="fields">
          <Field label="Name" {...at("name")} />
          <Field
            label="Evaluators"
            placeholder="refusal, language"
            hint="Names with commas between them, or JSON"
            {...at("evaluators")}
          />
          <Field
            label="Share of the turns"
            kind="number"
            placeholder="1"
            hint="0.1 is every tenth, told by a hash"
            {...at("sample")}
          />
        </div>
      </fieldset>
      <fieldset>
        <legend>Limits and alarm</legend>
        <Refused refusal={refusal} fields={["limits"]} />
        <div class="fields">
          <Field
            label="Costs at most a day, USD"
            kind="number"
            hint="What is over waits for the next day, of UTC"
            {...at("max_cost")}
          />
          <Field
            label="At most so many turns a day"
            kind="number"
            {...at("max_answers")}
          />
          <Field
            label="Turns of a window"
            kind="number"
            placeholder="200"
            hint="An alarm is told when a window is full"
            {...at("window_turns")}
          />
          <Field
            label="Means that windows are measured by"
            kind="lines"
            placeholder="refusal = 0.02"
            hint="An evaluator and its mean a line; without it the first window"
            {...at("approved")}
          />
        </div>
      </fieldset>
      {"table" in draft && <SqlText sql={toInsert(draft)} />}
      <Refused refusal={refusal} fields={[undefined, "variants", "template"]} />
      {!isReadOnly && (
        <p class="actions last">
          <button type="submit" class="primary" disabled={isSent}>
            Start the watch
          </button>
        </p>
      )}
    </form>
  );
}

/** The row of an address, or what is wrong with what was written. */
function readWritten(query: Record<string, string>): Draft | Refusal {
  try {
    return readWatchDraft(query);
  } catch (error) {
    return { field: "evaluators", words: (error as Error).message };
  }
}
