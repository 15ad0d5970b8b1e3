import Table from "cli-table3";
import { toVisible } from "./visible_text.ts";

/** A column is not cut below so many characters. */
const NARROWEST = 7;
/** Numbers and times are not cut at all: what is left of one says something else. */
const NUMBERS = /^[\d\s:./,−+-]*$/;
/** The space between two columns. */
const GAP = 2;

/** A rule below the head and nothing else: borders would take a third of 80 columns. */
const CHARS = {
  ...Object.fromEntries(
    [
      ..."top top-mid top-left top-right bottom bottom-mid bottom-left bottom-right"
        .split(" "),
      ..."left left-mid mid mid-mid right right-mid".split(" "),
    ].map((name) => [name, ""]),
  ),
  middle: " ".repeat(GAP),
};

/** The names of all rows, each where the first row that has it shows it: behind the name before it. */
export function namesOf(rows: Record<string, unknown>[]): string[] {
  const names: string[] = [];
  for (const row of rows) {
    let place = 0;
    for (const name of Object.keys(row)) {
      const known = names.indexOf(name);
      if (known < 0) names.splice(place++, 0, name);
      else place = known + 1;
    }
  }
  return names;
}

/**
 * Rows as a table with one column per name, which fits into `columns`
 * characters: the widest columns of text are cut. Where even that does not fit, each row
 * is a list of its values, one a line.
 */
export function drawTable(
  rows: Record<string, unknown>[],
  columns: number,
  names = namesOf(rows),
): string {
  const cells = rows.map((row) => names.map((name) => toCell(row[name])));
  const widths = fitWidths(
    [names, ...cells],
    columns - GAP * (names.length - 1),
  );
  if (!widths) return drawLists(cells, names, columns);
  const table = new Table({
    head: names.map((name, index) => cut(name, widths[index])),
    // Its colours would be escape codes in a pipe.
    style: { head: [], border: [], "padding-left": 0, "padding-right": 0 },
    chars: CHARS,
  });
  table.push(widths.map((width) => "─".repeat(width)));
  for (const row of cells) {
    table.push(row.map((text, index) => cut(text, widths[index])));
  }
  return table.toString();
}

/** The widths of columns with these texts; undefined: no widths fit into `room`. */
function fitWidths(lines: string[][], room: number): number[] | undefined {
  const widths = lines[0].map((_, index) =>
    Math.max(...lines.map((line) => line[index].length))
  );
  const texts = lines[0].map((_, index) =>
    lines.slice(1).some((line) => !NUMBERS.test(line[index]))
  );
  for (let excess = sum(widths) - room; excess > 0; excess--) {
    const widest = widths.reduce(
      (found, width, index) =>
        texts[index] && width > (widths[found] ?? NARROWEST) ? index : found,
      -1,
    );
    if (widest < 0) return undefined;
    widths[widest]--;
  }
  return widths;
}

function drawLists(
  cells: string[][],
  names: string[],
  columns: number,
): string {
  const width = Math.max(...names.map((name) => name.length));
  return cells.map((row) =>
    row.map((text, index) =>
      `${names[index].padEnd(width)}  ${cut(text, columns - width - 2)}`
    ).join("\n")
  ).join("\n\n");
}

function toCell(value: unknown): string {
  if (value === null || value === undefined) return "";
  const text = typeof value === "object" ? JSON.stringify(value) : `${value}`;
  return toVisible(text.replace(/\s+/g, " "));
}

/** A text in one line of at most so many characters. */
export function cut(text: string, width: number): string {
  return text.length > width ? `${text.slice(0, width - 1)}…` : text;
}

function sum(numbers: number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
