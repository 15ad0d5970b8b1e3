import { readBuckets, readSets } from "../data/archives.ts";
import { isExtracted, SOURCES } from "../data/prompts.ts";
import { useLoaded } from "../data/use_loaded.ts";
import { Field } from "./field.tsx";
import { boundTo } from "./fields_of_address.ts";
import { TableFields } from "./table_fields.tsx";

/** Which prompts a new run asks. */
export function PromptFields({ query }: { query: Record<string, string> }) {
  const from = query.from ?? "archive";
  const at = (name: string) => boundTo(query, name);
  return (
    <>
      <div class="fields">
        <Field
          label="Prompts from"
          {...at("from")}
          value={from}
          choices={SOURCES}
        />
        {from === "archive" && <ArchiveFields query={query} />}
        {from === "table" && <TableFields query={query} />}
        {from === "set" && <SetFields query={query} />}
        {from === "run" && (
          <>
            <Field label="Run" kind="number" {...at("run")} />
            <Field
              label="Only those without an answer"
              kind="switch"
              {...at("unanswered")}
            />
          </>
        )}
        {from === "prompts" && (
          <Field
            label="Prompts, one a line"
            kind="lines"
            {...at("prompts")}
          />
        )}
        <Field
          label="At most so many prompts"
          kind="number"
          {...at("max_prompts")}
        />
      </div>
      {isExtracted(query) && <ExtractionFields query={query} />}
    </>
  );
}

function ArchiveFields({ query }: { query: Record<string, string> }) {
  const buckets = useLoaded("buckets", readBuckets);
  return (
    <>
      <Field
        label="Bucket"
        suggestions={buckets.value?.map(({ name }) => name)}
        hint={buckets.problem}
        {...boundTo(query, "bucket")}
      />
      <Field
        label="Folder or file"
        placeholder="all of the bucket"
        {...boundTo(query, "prefix")}
      />
    </>
  );
}

function SetFields({ query }: { query: Record<string, string> }) {
  const sets = useLoaded("sets", (signal) => readSets(undefined, signal));
  return (
    <>
      <Field
        label="Set"
        suggestions={[...new Set(sets.value?.map(({ name }) => name))]}
        hint={sets.problem}
        {...boundTo(query, "set")}
      />
      <Field
        label="Version"
        kind="number"
        placeholder="the newest"
        {...boundTo(query, "version")}
      />
    </>
  );
}

/** Which prompts of its conversations an archive gives. */
export function ExtractionFields({ query }: { query: Record<string, string> }) {
  const at = (name: string) => boundTo(query, name);
  return (
    <div class="fields">
      <Field
        label="Prompts of a conversation"
        {...at("turns")}
        choices={[["", "all"], ["first", "the first"], ["last", "the last"]]}
      />
      <Field
        label="Sent with them"
        {...at("context")}
        choices={[["", "nothing"], [
          "conversation",
          "the conversation before",
        ]]}
      />
      <Field label="Since" kind="date" {...at("since")} />
      <Field label="Until, without that day" kind="date" {...at("until")} />
      <Field
        label="Sample"
        kind="number"
        placeholder="all"
        hint="Below 1 a share, from 1 on a number"
        {...at("sample")}
      />
      <Field label="Each text once" kind="switch" {...at("dedupe")} />
      <Field
        label="Replace personal data"
        kind="switch"
        {...at("redact")}
      />
    </div>
  );
}
