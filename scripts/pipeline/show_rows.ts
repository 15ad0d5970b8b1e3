import type { Terminal } from "./command.ts";
import { drawTable } from "./draw_table.ts";
import { toVisibleJson } from "./visible_text.ts";

/** Prints rows: whole as JSON, or what is shown of each as a table, or that there is none. */
export function showRows<Row>(
  rows: Row[],
  { json, none, toCells }: {
    json?: boolean;
    none: string;
    toCells(row: Row): Record<string, unknown>;
  },
  terminal: Pick<Terminal, "print" | "complain" | "columns">,
): void {
  if (json) terminal.print(toVisibleJson(rows));
  else if (rows.length === 0) terminal.complain(none);
  else terminal.print(drawTable(rows.map(toCells), terminal.columns));
}
