import { readBuckets, readSets } from "../data/archives.ts";
import { here } from "../data/here.ts";
import { isExtracted, SOURCES } from "../data/prompts.ts";
import { useLoaded } from "../data/use_loaded.ts";
import type { Refusal } from "../data/refusal.ts";
import {
  commitTo,
  Field,
  FreeField,
  RefusalOfPage,
  Refused,
} from "./field.tsx";
import { TableFields } from "./table_fields.tsx";

/** Which prompts a new run asks. */
export function PromptFields() {
  const { query } = here.value;
  const from = query.from ?? "archive";
  return (
    <>
      <div class="fields">
        <FreeField
          label="Prompts from"
          value={from}
          commit={commitTo("from")}
          choices={SOURCES}
        />
        {from === "archive" && <ArchiveFields />}
        {from === "table" && <TableFields />}
        {from === "set" && <SetFields />}
        {from === "run" && (
          <>
            <Field name="run" label="Run" kind="number" />
            <Field
              name="unanswered"
              label="Only those without an answer"
              kind="switch"
            />
          </>
        )}
        {from === "prompts" && (
          <Field name="prompts" label="Prompts, one a line" kind="lines" />
        )}
        <Field
          name="max_prompts"
          label="At most so many prompts"
          kind="number"
        />
      </div>
      {isExtracted(query) && <ExtractionFields />}
    </>
  );
}

function ArchiveFields() {
  const buckets = useLoaded("buckets", readBuckets);
  return (
    <>
      <Field
        name="bucket"
        label="Bucket"
        suggestions={buckets.value?.map(({ name }) => name)}
        hint={buckets.problem}
      />
      <Field
        name="prefix"
        label="Folder or file"
        placeholder="all of the bucket"
      />
    </>
  );
}

function SetFields() {
  const sets = useLoaded("sets", (signal) => readSets(undefined, signal));
  return (
    <>
      <Field
        name="set"
        label="Set"
        suggestions={[...new Set(sets.value?.map(({ name }) => name))]}
        hint={sets.problem}
      />
      <Field
        name="version"
        label="Version"
        kind="number"
        placeholder="the newest"
      />
    </>
  );
}

/**
 * The same of one archive or table. What cannot be read may stand in the address without a field here: a form
 * brings its bound along.
 */
export function ChosenPrompts({ refusal }: { refusal: Refusal | undefined }) {
  return (
    <RefusalOfPage.Provider value={refusal}>
      <ExtractionFields />
      <Refused fields={["max_prompts"]} />
    </RefusalOfPage.Provider>
  );
}

/** Which prompts of its conversations an archive gives. */
function ExtractionFields() {
  return (
    <div class="fields">
      <Field
        name="turns"
        label="Prompts of a conversation"
        choices={[["", "all"], ["first", "the first"], ["last", "the last"]]}
      />
      <Field
        name="context"
        label="Sent with them"
        choices={[["", "nothing"], [
          "conversation",
          "the conversation before",
        ]]}
      />
      <Field name="since" label="Since" kind="date" />
      <Field name="until" label="Until, without that day" kind="date" />
      <Field
        name="sample"
        label="Sample"
        kind="number"
        placeholder="all"
        hint="Below 1 a share, from 1 on a number"
      />
      <Field name="dedupe" label="Each text once" kind="switch" />
      <Field name="redact" label="Replace personal data" kind="switch" />
    </div>
  );
}
