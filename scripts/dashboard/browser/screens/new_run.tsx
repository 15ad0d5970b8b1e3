import {
  asksJudges,
  type Draft,
  readDraft,
  readVariants,
  toTemplate,
} from "../data/draft.ts";
import { readEndpoints } from "../data/endpoints.ts";
import { toInsert } from "../data/insert_sql.ts";
import { project } from "../data/project.ts";
import { readNumber, readPrompts } from "../data/prompts.ts";
import type { Refusal } from "../data/refusal.ts";
import { useLoaded } from "../data/use_loaded.ts";
import { useStart } from "../data/use_start.ts";
import { DryRun } from "../parts/dry_run.tsx";
import { PromptFields } from "../parts/prompt_fields.tsx";
import { Refused } from "../parts/refused.tsx";
import { RunOptions } from "../parts/run_options.tsx";
import { SqlText } from "../parts/sql_text.tsx";
import { VariantFields } from "../parts/variant_fields.tsx";
import { Waiting } from "../parts/waiting.tsx";
import type { Screen, ScreenProps } from "../screen.ts";

/** A form that writes a run or a sweep. All of it is in the address: it can be sent to somebody. */
export const newRun: Screen = {
  path: "new",
  title: () => "New run",
  nav: { label: "New run", key: "n", writes: true },
  body: NewRun,
};

function NewRun({ query }: ScreenProps) {
  const endpoints = useLoaded("endpoints in use", readEndpoints);
  const { refusal, isSent, send } = useStart(query, readWritten);
  const draft = readWritten(query);
  const isSweep = "table" in draft && draft.table === "pipeline_sweeps";
  const isReadOnly = project().home.readOnly;
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
        <legend>Prompts</legend>
        <Refused refusal={refusal} fields={["source", "options"]} />
        <PromptFields query={query} />
      </fieldset>
      <Refused refusal={refusal} fields={["variants"]} />
      <Waiting loaded={endpoints}>
        {(endpoints) => <VariantFields query={query} endpoints={endpoints} />}
      </Waiting>
      <RunOptions query={query} refusal={refusal} />
      <DryRun
        query={query}
        prompts={readPrompts(query)}
        called={readVariants(query).map(({ endpoint, model, ...messages }) => ({
          endpoint,
          model,
          template: toTemplate(messages) ?? toTemplate(query),
        }))}
        answers={{
          repetitions: readNumber(query.repetitions),
          maxTokens: readNumber(query.max_tokens),
        }}
        maxCost={readNumber(query.max_cost)}
        asksJudges={"table" in draft && asksJudges(draft)}
      />
      {"table" in draft && <SqlText sql={toInsert(draft)} />}
      <Refused refusal={refusal} fields={[undefined]} />
      {!isReadOnly && (
        <p class="actions last">
          <button type="submit" class="primary" disabled={isSent}>
            {isSweep ? "Start the sweep" : "Start the run"}
          </button>
        </p>
      )}
    </form>
  );
}

/** The row of an address, or what is wrong with what was written. */
function readWritten(query: Record<string, string>): Draft | Refusal {
  try {
    return readDraft(query);
  } catch (error) {
    return { field: "evaluators", words: (error as Error).message };
  }
}
