import { here } from "../data/here.ts";
import { useState } from "preact/hooks";
import type { Labelled } from "../data/agreement.ts";
import { type PromptSet, readSets, toSet } from "../data/archives.ts";
import { toCall } from "../data/call_sql.ts";
import { mayChange } from "../data/grader.ts";
import { callFunction } from "../data/project.ts";
import { useLoaded } from "../data/use_loaded.ts";
import { Action } from "./action.tsx";
import { Field } from "./field.tsx";
import { SqlText } from "./sql_text.tsx";
import { VisibleText } from "./visible_text.tsx";

const SAVE = "save_corrected_responses";

/** Answers that people corrected become references: the next version of a set of prompts. */
export function CorrectedSet(
  { labelled }: { labelled: Labelled },
) {
  const { query } = here.value;
  const { experiment, label_name, owner } = labelled;
  const sets = useLoaded("sets", (signal) => readSets(undefined, signal));
  const [saved, setSaved] = useState<PromptSet>();
  const args = {
    name: query.set ?? experiment!,
    experiment_name: experiment!,
    label_name,
    ...owner !== null && { owner },
  };
  return (
    <details class="corrected" open={query.set !== undefined}>
      <summary>Corrected answers become references of a set of prompts</summary>
      <div class="fields">
        <Field
          name="set"
          label="Set"
          placeholder={experiment!}
          suggestions={[...new Set(sets.value?.map(({ name }) => name))]}
          hint="Its next version is made, or its first"
        />
      </div>
      <p class="actions">
        {mayChange(owner) && (
          <Action
            isPrimary
            isAllowed
            words="Save the set"
            act={async () => setSaved(await callFunction(SAVE, args))}
          />
        )}
        <span role="status">
          {saved && (
            <a
              href={toSet(saved)}
            >
              Version {saved.version} of <VisibleText text={saved.name} />
            </a>
          )}
        </span>
      </p>
      <SqlText sql={toCall(SAVE, args)} />
    </details>
  );
}
