import { go, to } from "../data/here.ts";
import { project } from "../data/project.ts";
import { type FoundTable, readTables } from "../data/tables.ts";
import { useLoaded } from "../data/use_loaded.ts";
import { toNumber } from "../parts/formats.ts";
import { type Column, column, figure, Table } from "../parts/table.tsx";
import { VisibleText } from "../parts/visible_text.tsx";
import { Waiting } from "../parts/waiting.tsx";
import type { Screen } from "../screen.ts";

/** Tables of the project that look like conversations. */
export const tables: Screen = {
  path: "tables",
  title: () => "Tables with conversations",
  nav: { label: "Tables", key: "t" },
  body: () => project().home.kind === "local" ? <FoundTables /> : <OneByName />,
};

function FoundTables() {
  const loaded = useLoaded("tables", readTables);
  return (
    <Waiting loaded={loaded}>{(found) => <TableList found={found} />}</Waiting>
  );
}

/** Tables that can be read as rows, and the others with what to do. */
export function TableList({ found }: { found: FoundTable[] }) {
  const unreadable = found.filter(({ problem }) => problem !== null);
  return (
    <>
      <Table
        label="Tables"
        columns={COLUMNS}
        rows={found.filter(({ problem }) => problem === null)}
        rowKey={({ table_name }) => table_name}
        href={({ table_name }) => to(["tables", table_name])}
        empty={
          <>
            No table or view of the project looks like conversations. Any other
            is read by SQL that says what its columns are, or by a view whose
            columns have names such as chat_id, role, content and created_at.
          </>
        }
      />
      {unreadable.length > 0 && (
        <section aria-label="Not readable">
          <h2>Not readable as they are</h2>
          <ul class="reasons">
            {unreadable.map(({ table_name, problem }) => (
              <li key={table_name}>
                <a href={to(["tables", table_name])}>
                  <VisibleText text={table_name} />
                </a>
                <br />
                <VisibleText text={problem!} />
              </li>
            ))}
          </ul>
        </section>
      )}
    </>
  );
}

const COLUMNS: Column<FoundTable>[] = [
  column("Table", "16rem", ({ table_name }) => table_name),
  figure("Rows", "7rem", ({ rows }) => toNumber(rows)),
  figure(
    "Conversations",
    "8rem",
    ({ conversations }) => toNumber(conversations),
  ),
  column("First prompt", "20rem", ({ first_prompts: [first] }) => first),
  column("Layout", "9rem", ({ layout }) => layout),
  column(
    "Tells what is new",
    "9rem",
    ({ tells_what_is_new }) => tells_what_is_new ? "yes" : "no",
  ),
  column(
    "Users read by",
    "9rem",
    ({ owner_column }) => owner_column ?? "not open",
  ),
];

/** Who signs in may not look for tables, but take prompts from those that are open to users. */
function OneByName() {
  return (
    <>
      <p class="notice">
        Only the project's owner sees which tables have conversations:{" "}
        <code>deno task pipeline view</code>, or{" "}
        <code>select * from prompt_sources()</code>. Tables that the owner has
        registered for users are looked at by their name.
      </p>
      <form
        class="actions"
        onSubmit={(event) => {
          event.preventDefault();
          const name = new FormData(event.currentTarget).get("table");
          go(to(["tables", String(name)]));
        }}
      >
        <label>
          <span class="label">Table</span>{" "}
          <input name="table" required placeholder="public.messages" />
        </label>
        <button type="submit">Look at it</button>
      </form>
    </>
  );
}
