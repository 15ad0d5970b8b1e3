import type { Refusal } from "../data/refusal.ts";
import { Field } from "./field.tsx";
import { boundTo } from "./fields_of_address.ts";
import { Refused } from "./refused.tsx";

/** How a new run asks, how its answers are judged, and what it may take; each may be left out. */
export function RunOptions(
  { query, refusal }: { query: Record<string, string>; refusal?: Refusal },
) {
  const at = (name: string) => ({
    ...boundTo(query, name),
    problem: refusal?.field === name ? refusal.words : undefined,
  });
  return (
    <>
      <fieldset>
        <legend>Messages and answers</legend>
        <Refused refusal={refusal} fields={["template"]} />
        <div class="fields">
          <Field label="System message" kind="lines" {...at("system")} />
          <Field
            label="Message"
            kind="lines"
            placeholder="{{prompt}}"
            hint="{{any.variable}} is a field of a prompt's metadata"
            {...at("user")}
          />
          <Field
            label="Answers to each prompt"
            kind="number"
            placeholder="1"
            {...at("repetitions")}
          />
          <Field
            label="At most so many tokens an answer"
            kind="number"
            {...at("max_tokens")}
          />
          <Field label="Temperature" kind="number" {...at("temperature")} />
          <Field
            label="Evaluators"
            placeholder="exact-match, rouge-l"
            hint="Names with commas between them, or JSON"
            {...at("evaluators")}
          />
        </div>
      </fieldset>
      <fieldset>
        <legend>Name and limits</legend>
        <Refused refusal={refusal} fields={["limits"]} />
        <div class="fields">
          <Field label="Name" {...at("name")} />
          <Field
            label="Costs at most, USD"
            kind="number"
            hint="A ceiling: it pauses before it could spend more"
            {...at("max_cost")}
          />
          <Field
            label="Calls at once"
            kind="number"
            placeholder="as the endpoint allows"
            {...at("max_concurrency")}
          />
          <Field
            label="Tags"
            placeholder="nightly, german"
            {...at("tags")}
          />
          <Field
            label="Add to what has this name already"
            kind="switch"
            {...at("join")}
          />
        </div>
      </fieldset>
    </>
  );
}
