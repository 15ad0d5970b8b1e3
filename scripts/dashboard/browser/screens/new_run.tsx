import { useEffect, useRef, useState } from "preact/hooks";
import {
  asksJudges,
  type Draft,
  readDraft,
  readVariants,
  toTemplate,
} from "../data/draft.ts";
import { readEndpoints } from "../data/endpoints.ts";
import { go, here, to } from "../data/here.ts";
import { toInsert } from "../data/insert_sql.ts";
import { project } from "../data/project.ts";
import { readNumber, readPrompts } from "../data/prompts.ts";
import { type Refusal, toRefusal } from "../data/refusal.ts";
import { start } from "../data/start.ts";
import { useLoaded } from "../data/use_loaded.ts";
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
  const { refusal, isSent, send } = useStart(query);
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
        <p class="actions">
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

/** Sends what the address holds at that moment, and shows it, or says why it is refused. */
function useStart(query: Record<string, string>) {
  const [refusal, setRefusal] = useState<Refusal>();
  const [isSent, setIsSent] = useState(false);
  // Whoever presses twice, or again after an answer was lost, starts one run.
  const sent = useRef({ draft: "", key: "" });
  useEffect(() => setRefusal(undefined), [JSON.stringify(query)]);
  useEffect(() => {
    document.querySelector<HTMLElement>("[aria-invalid=true], .refused")
      ?.focus();
  }, [refusal]);
  async function send(): Promise<void> {
    const draft = readWritten(here.value.query);
    if (!("table" in draft)) return setRefusal(draft);
    const text = JSON.stringify(draft);
    if (sent.current.draft !== text) {
      sent.current = { draft: text, key: crypto.randomUUID() };
    }
    setIsSent(true);
    try {
      go(to(await start(draft, sent.current.key)));
    } catch (error) {
      setRefusal(toRefusal(error as Error));
    } finally {
      setIsSent(false);
    }
  }
  return { refusal, isSent, send };
}
