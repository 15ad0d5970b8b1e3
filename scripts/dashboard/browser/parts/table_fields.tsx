import { here, to } from "../data/here.ts";
import { project } from "../data/project.ts";
import { pickPrompts } from "../data/prompts.ts";
import {
  describeColumn,
  MEANINGS,
  readColumns,
  writeColumn,
} from "../data/table_source.ts";
import { readTables } from "../data/tables.ts";
import { useLoaded } from "../data/use_loaded.ts";
import { commitTo, Field, FreeField } from "./field.tsx";

/** Which rows of a table a new run asks. */
export function TableFields() {
  return (
    <>
      <TableName />
      <Field
        name="news"
        label="Only what is new since the last run"
        kind="switch"
      />
      <WhereField />
    </>
  );
}

/** The name of a table of the project, and the way to what it is taken for. */
export function TableName() {
  const { query } = here.value;
  const isOwner = project().home.kind === "local";
  const tables = useLoaded(isOwner ? "tables" : undefined, readTables);
  return (
    <div>
      <Field
        name="table"
        label="Table"
        placeholder="public.messages"
        suggestions={tables.value?.map(({ table_name }) => table_name)}
        hint={tables.problem}
      />
      {query.table && (
        <a href={to(["tables", query.table], pickPrompts(query))}>
          Its columns and first prompts
        </a>
      )}
    </div>
  );
}

/** Which rows of a table. */
export function WhereField() {
  return (
    <Field
      name="where"
      label="Only rows with"
      kind="lines"
      placeholder="language = de"
      hint="A column and its value a line; a list for one of several; null: has none"
    />
  );
}

/** Of other tables a page says nothing. */
const SAID_HERE = MEANINGS.filter(([field]) =>
  !["parts", "system"].includes(field)
);

/** What the columns of a table are, where they are taken for something else. */
export function ColumnFields(
  { recognised = {} }: { recognised?: Record<string, unknown> },
) {
  const { query } = here.value;
  const commit = commitTo("columns");
  const said = readColumns(query.columns);
  return (
    <div class="fields">
      {SAID_HERE.map(([field, words]) => (
        <FreeField
          key={field}
          label={words}
          value={describeColumn(said[field]) ?? ""}
          placeholder={describeColumn(recognised[field])}
          commit={(name) =>
            commit(writeColumn(query.columns, field, name) ?? "")}
        />
      ))}
    </div>
  );
}
