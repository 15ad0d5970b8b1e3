import { readJson, readList } from "./written.ts";

/** What a column can be, and in words; the first ones are those that people look for. */
export const MEANINGS: readonly (readonly [field: string, words: string])[] = [
  ["conversation", "Conversation"],
  ["role", "Who wrote it"],
  ["content", "Words"],
  ["parts", "Parts of the words"],
  ["message", "Message, JSON"],
  ["messages", "Whole conversation, JSON"],
  ["prompt", "Question"],
  ["answer", "Answer"],
  ["time", "Time"],
  ["order", "Order"],
  ["parent", "Message before"],
  ["updated", "Last written"],
  ["id", "Id of the row"],
  ["key", "Key of the prompt"],
  ["model", "Model"],
  ["title", "Title"],
  ["system", "System message"],
  ["feedback", "Feedback"],
  ["metadata", "Metadata"],
];

/** A source of type table. */
export interface TableSource extends Record<string, unknown> {
  type: "table";
  table: string;
  columns?: Record<string, unknown>;
  where?: Record<string, unknown>;
  after?: "last run";
}

/** The table that the query of an address means. */
export function readTableSource(query: Record<string, string>): TableSource {
  const columns = readColumns(query.columns);
  const where = readWhere(query.where);
  return {
    type: "table",
    table: query.table ?? "",
    ...Object.keys(columns).length > 0 && { columns },
    ...Object.keys(where).length > 0 && { where },
    ...query.news && { after: "last run" },
  };
}

/** What was said of columns; what is no object says nothing. */
export function readColumns(text = "{}"): Record<string, unknown> {
  const value = readJson(text);
  return value instanceof Object && !Array.isArray(value)
    ? value as Record<string, unknown>
    : {};
}

/** A column, several of which one holds, or one of another table, in words; undefined: there is none. */
export function describeColumn(column: unknown): string | undefined {
  if (column === undefined) return undefined;
  if (Array.isArray(column)) return column.join(", ");
  return column instanceof Object && "table" in column
    ? `${column.table}, beside it`
    : String(column);
}

/** Columns as a query keeps them, with one said anew, "" taken back; undefined: nothing is said of any. */
export function writeColumn(
  text: string | undefined,
  field: string,
  name: string,
): string | undefined {
  const { [field]: _, ...others } = readColumns(text);
  const said = name.trim();
  const columns = said === "" ? others : {
    ...others,
    [field]: field === "metadata" ? said.split(/\s*,\s*/) : said,
  };
  return Object.keys(columns).length > 0 ? JSON.stringify(columns) : undefined;
}

/**
 * A line each of a column and its value, `language = de`; the value as JSON where it is a number, true,
 * false, null or a list.
 */
function readWhere(text?: string): Record<string, unknown> {
  return Object.fromEntries(
    readList(text).map((line) => {
      const [, column, value = ""] = /^([^=]*)(?:=(.*))?$/.exec(line)!;
      return [column.trim(), readValue(value.trim())];
    }),
  );
}

function readValue(text: string): unknown {
  const value = readJson(text);
  return value === null || Array.isArray(value) || /^(number|boolean)$/.test(
      typeof value,
    )
    ? value
    : text;
}
