import type { Draft } from "./draft.ts";

/** The statement that writes a row, to be run in any SQL editor. */
export function toInsert({ what, row }: Draft): string {
  const values = Object.entries(row).map(([column, value]) =>
    toLiteral(column, value)
  );
  return `insert into pipeline_${what}${what === "watch" ? "es" : "s"} (${
    Object.keys(row).join(", ")
  })
values (
  ${values.join(",\n  ")}
);`;
}

/** https://www.postgresql.org/docs/current/sql-syntax-lexical.html#SQL-SYNTAX-CONSTANTS */
function toLiteral(column: string, value: unknown): string {
  if (typeof value === "number") return String(value);
  if (typeof value === "string") return quote(value);
  // The only column of a row that is a list of texts.
  return column === "tags"
    ? `array[${(value as string[]).map(quote).join(", ")}]`
    : quote(JSON.stringify(value));
}

/** A text as SQL writes it. */
export function quote(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
