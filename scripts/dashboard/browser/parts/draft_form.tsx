import type { ComponentChildren } from "preact";
import type { Draft } from "../data/draft.ts";
import { toInsert } from "../data/insert_sql.ts";
import { project } from "../data/project.ts";
import { useStart } from "../data/use_start.ts";
import { RefusalOfPage, Refused } from "./field.tsx";
import { Notice } from "./notice.tsx";
import { SqlText } from "./sql_text.tsx";

/** Where a dashboard only reads. */
export const TAKE_THE_SQL =
  "This dashboard only reads: take the SQL along and run it where you may write.";

/** A form that writes a row. All of it is in the address: it can be sent to somebody. */
export function DraftForm({ read, submit, fields, children }: {
  /** The row of an address. @throws {WrongField} */
  read(query: Record<string, string>): Draft;
  /** On the button. */
  submit: string;
  /** Whose refusals are told above the button. */
  fields: (string | undefined)[];
  children: ComponentChildren;
}) {
  const { draft, refusal, isSent, send } = useStart(read);
  const isReadOnly = project().home.readOnly;
  return (
    <form
      class="new-run"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <RefusalOfPage.Provider value={refusal}>
        <Notice text={isReadOnly ? TAKE_THE_SQL : null} />
        {children}
        {draft && <SqlText sql={toInsert(draft)} />}
        <Refused fields={fields} />
      </RefusalOfPage.Provider>
      {!isReadOnly && (
        <p class="actions last">
          <button type="submit" class="primary" disabled={isSent}>
            {submit}
          </button>
        </p>
      )}
    </form>
  );
}
