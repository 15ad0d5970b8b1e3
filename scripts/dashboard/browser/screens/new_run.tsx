import { here } from "../data/here.ts";
import {
  asksJudges,
  readDraft,
  readVariants,
  toTemplate,
} from "../data/draft.ts";
import { readEndpoints } from "../data/endpoints.ts";
import { readPrompts } from "../data/prompts.ts";
import { useLoaded } from "../data/use_loaded.ts";
import { attempt, readNumber } from "../data/written.ts";
import { DraftForm } from "../parts/draft_form.tsx";
import { DryRun } from "../parts/dry_run.tsx";
import { Refused } from "../parts/field.tsx";
import { PromptFields } from "../parts/prompt_fields.tsx";
import { RunOptions } from "../parts/run_options.tsx";
import { VariantFields } from "../parts/variant_fields.tsx";
import { Waiting } from "../parts/waiting.tsx";
import type { Screen } from "../screen.ts";

/** A form that writes a run or a sweep. */
export const newRun: Screen = {
  path: "new",
  title: () => "New run",
  nav: { label: "New run", key: "n", writes: true },
  body: NewRun,
};

function NewRun() {
  const { query } = here.value;
  const endpoints = useLoaded("endpoints in use", readEndpoints);
  const isSweep = readVariants(query).length > 1;
  const { read: asked } = attempt(() => readAsked(query));
  return (
    <DraftForm
      read={readDraft}
      submit={isSweep ? "Start the sweep" : "Start the run"}
      fields={[undefined]}
    >
      <fieldset>
        <legend>Prompts</legend>
        <Refused fields={["source", "options"]} />
        <PromptFields />
      </fieldset>
      <Refused fields={["variants"]} />
      <Waiting loaded={endpoints}>
        {(endpoints) => <VariantFields endpoints={endpoints} />}
      </Waiting>
      <RunOptions />
      {asked && <DryRun {...asked} />}
    </DraftForm>
  );
}

/** What a dry run counts. @throws {WrongField} */
function readAsked(query: Record<string, string>) {
  return {
    prompts: readPrompts(query),
    called: readVariants(query).map(({ endpoint, model, ...messages }) => ({
      endpoint,
      model,
      template: toTemplate(messages) ?? toTemplate(query),
    })),
    answers: {
      repetitions: readNumber(query, "repetitions"),
      maxTokens: readNumber(query, "max_tokens"),
    },
    maxCost: readNumber(query, "max_cost"),
    asksJudges: asksJudges(readDraft(query)),
  };
}
