import { Field, Refused } from "./field.tsx";

/** How a new run asks, how its answers are judged, and what it may take; each may be left out. */
export function RunOptions() {
  return (
    <>
      <fieldset>
        <legend>Messages and answers</legend>
        <Refused fields={["template"]} />
        <div class="fields">
          <Field name="system" label="System message" kind="lines" />
          <Field
            name="user"
            label="Message"
            kind="lines"
            placeholder="{{prompt}}"
            hint="{{any.variable}} is a field of a prompt's metadata"
          />
          <Field
            name="repetitions"
            label="Answers to each prompt"
            kind="number"
            placeholder="1"
          />
          <Field
            name="max_tokens"
            label="Tokens of an answer, at most"
            kind="number"
          />
          <Field name="temperature" label="Temperature" kind="number" />
          <Field
            name="evaluators"
            label="Evaluators"
            placeholder="exact-match, rouge-l"
            hint="Names with commas between them, or JSON"
          />
        </div>
      </fieldset>
      <fieldset>
        <legend>Name and limits</legend>
        <Refused fields={["limits"]} />
        <div class="fields">
          <Field name="name" label="Name" />
          <Field
            name="max_cost"
            label="Costs at most, USD"
            kind="number"
            hint="A ceiling: it pauses before it could spend more"
          />
          <Field
            name="max_concurrency"
            label="Calls at once"
            kind="number"
            placeholder="as the endpoint allows"
          />
          <Field name="tags" label="Tags" placeholder="nightly, german" />
          <Field
            name="join"
            label="Add to what has this name already"
            kind="switch"
          />
        </div>
      </fieldset>
    </>
  );
}
