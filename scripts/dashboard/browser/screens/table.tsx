import { allModels, readEndpoints } from "../data/endpoints.ts";
import { readFirstPrompts } from "../data/dry_run.ts";
import { here, to } from "../data/here.ts";
import { project } from "../data/project.ts";
import { pickPrompts, readPrompts } from "../data/prompts.ts";
import {
  describeColumn,
  MEANINGS,
  readTableSource,
} from "../data/table_source.ts";
import { describeTable, type Mapping } from "../data/tables.ts";
import { useLoaded } from "../data/use_loaded.ts";
import { attempt } from "../data/written.ts";
import { DryRun } from "../parts/dry_run.tsx";
import { Examples } from "../parts/examples.tsx";
import { Facts } from "../parts/facts.tsx";
import { NewRunLink } from "../parts/new_run_link.tsx";
import { Notice } from "../parts/notice.tsx";
import { ChosenPrompts } from "../parts/prompt_fields.tsx";
import { ColumnFields, WhereField } from "../parts/table_fields.tsx";
import { Waiting } from "../parts/waiting.tsx";
import type { Screen } from "../screen.ts";

/** What a table is taken for, its first prompts, and what a run of it would ask. */
export const table: Screen = {
  path: "tables/:table",
  title: ({ table }) => `Table ${table}`,
  body: ({ values: { table } }) => <OneTable table={table} />,
};

const MOST_SHOWN = 5;

function OneTable(
  { table }: { table: string },
) {
  const { query } = here.value;
  const meant = { ...pickPrompts(query), from: "table", table };
  const { read: prompts, refusal } = attempt(() => readPrompts(meant));
  const question = JSON.stringify(prompts);
  const isOwner = project().home.kind === "local";
  const mapping = useLoaded(
    isOwner ? `mapping ${question}` : undefined,
    (signal) => describeTable(readTableSource(meant), signal),
  );
  const first = useLoaded(
    mapping.problem === undefined && prompts
      ? `first prompts ${question}`
      : undefined,
    (signal) => readFirstPrompts(prompts!, MOST_SHOWN, signal),
  );
  const endpoints = useLoaded("endpoints in use", readEndpoints);
  return (
    <>
      <p class="actions">
        <NewRunLink query={meant} words="New run with these" />
        {!project().home.readOnly && (
          <a
            class="button"
            href={to(["new-watch"], { ...meant, sample: undefined })}
          >
            Watch what comes in
          </a>
        )}
        <a class="button" href={to(["tables"])}>Tables</a>
      </p>
      <Waiting loaded={mapping}>
        {(mapping) => <MappingFacts mapping={mapping} />}
      </Waiting>
      {isOwner && (
        <details
          open={query.columns !== undefined || mapping.problem !== undefined}
        >
          <summary>Say what its columns are</summary>
          <ColumnFields recognised={mapping.value?.columns} />
        </details>
      )}
      {mapping.problem === undefined && (
        <section aria-label="First prompts">
          <h2>The first prompts</h2>
          <Waiting loaded={first}>
            {({ summary, errors }) => (
              <>
                {summary.examples.length === 0 && errors.length === 0 && (
                  <p class="empty">Nobody asks anything in these rows.</p>
                )}
                <Examples summary={summary} />
                {errors.slice(0, MOST_SHOWN).map(({ message }, place) => (
                  <Notice key={place} kind="problem" text={message} />
                ))}
              </>
            )}
          </Waiting>
        </section>
      )}
      <h2>Which of them</h2>
      <div class="fields">
        <WhereField />
      </div>
      <ChosenPrompts refusal={refusal} />
      {prompts && (
        <DryRun
          prompts={prompts}
          called={allModels(endpoints.value ?? [])}
          withExamples={false}
        />
      )}
    </>
  );
}

const FAMILIES: Record<string, string> = {
  messages: "A row is a message",
  json: "A row is a message, in JSON",
  conversations: "A row is a whole conversation",
  pairs: "A row is a question with its answer",
};

/** What the columns of a table are taken for. */
export function MappingFacts({ mapping }: { mapping: Mapping }) {
  const { layout, family, columns, id, news, notice } = mapping;
  return (
    <section aria-label="Columns">
      <p>
        {FAMILIES[family] ?? family}. <span class="hint">Layout: {layout}</span>
      </p>
      <Notice text={notice} />
      <Facts
        facts={{
          ...Object.fromEntries(
            MEANINGS.map(([field, words]) => [
              words,
              describeColumn(columns[field]),
            ]),
          ),
          "Primary key": id.join(", "),
          "New rows are told by": news ?? "nothing",
        }}
      />
    </section>
  );
}
