import Table from "cli-table3";
import { toVisible } from "./visible_text.ts";

/** Rows as a table with one column per name; texts are cut to fit. */
export function drawTable(
  rows: Record<string, unknown>[],
  names: string[],
  longest = 60,
): string {
  const table = new Table({
    head: names,
    // Its colours would be escape codes in a pipe.
    style: { head: [], border: [] },
  });
  for (const row of rows) {
    table.push(names.map((name) => toCell(row[name], longest)));
  }
  return table.toString();
}

function toCell(value: unknown, longest: number): string {
  if (value === null || value === undefined) return "";
  const text = typeof value === "object" ? JSON.stringify(value) : `${value}`;
  const line = toVisible(text.replace(/\s+/g, " "));
  return line.length > longest ? `${line.slice(0, longest - 1)}…` : line;
}
