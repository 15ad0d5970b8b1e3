import { isObject, type Json, type JsonObject, objectsOf } from "../json.ts";
import { storedJson } from "./stored_json.ts";

/** A row of a table that came as one record, or why it cannot be used. */
export type OpenedRow = { value: Json } | { reason: string };

/**
 * The rows of a record that is a table, each as it would be as a record of its own; undefined for any
 * other record, which is most of them. Messages that are a dictionary of lists are put together again.
 *
 * - Hugging Face's viewer: `{features, rows: [{row_idx, row, truncated_cells}]}`
 *   (huggingface.co/docs/dataset-viewer/rows)
 * - a `Sequence` of dictionaries, which `datasets` writes as a dictionary of lists: `{role: […], content:
 *   […]}`, and whole tables of `to_dict()` (huggingface.co/docs/datasets/about_dataset_features)
 * - `to_json` of pandas with the orients split, table, columns and index
 *   (pandas.pydata.org/docs/reference/api/pandas.DataFrame.to_json.html)
 * - a task of Label Studio: `{id, data: {…}, annotations}` (labelstud.io/guide/export)
 */
export function openRows(record: Json): OpenedRow[] | undefined {
  if (!isObject(record)) return undefined;
  const rows = viewerRows(record) ?? splitRows(record) ?? tableRows(record) ??
    columnRows(record) ?? indexRows(record) ?? taskRow(record);
  if (rows !== undefined) {
    return rows.map((row) =>
      "value" in row ? { value: withMessages(row.value) } : row
    );
  }
  const opened = withMessages(record);
  return opened === record ? undefined : [{ value: opened }];
}

function viewerRows(record: JsonObject): OpenedRow[] | undefined {
  const { row, row_idx, rows } = record;
  if (isObject(row) && row_idx !== undefined) return [viewerRow(record)];
  const entries = objectsOf(rows);
  return entries.length > 0 &&
      entries.every(({ row, row_idx }) =>
        isObject(row) && row_idx !== undefined
      )
    ? entries.map(viewerRow)
    : undefined;
}

function viewerRow({ row, row_idx, truncated_cells }: JsonObject): OpenedRow {
  return Array.isArray(truncated_cells) && truncated_cells.length > 0
    ? {
      reason:
        `the viewer cut cells of row ${row_idx} off (${truncated_cells}); ask for /rows instead of /first-rows, or download the data set`,
    }
    : { value: row! };
}

function taskRow({ id, data, annotations, predictions }: JsonObject) {
  return isObject(data) && Array.isArray(annotations ?? predictions)
    ? [{ value: { id, ...data } }]
    : undefined;
}

function splitRows({ columns, data, rows }: JsonObject) {
  const cells = data ?? rows;
  if (!isNames(columns) || !Array.isArray(cells)) return undefined;
  if (!cells.every((row) => Array.isArray(row))) return undefined;
  return cells.map((row) => ({
    value: Object.fromEntries(
      columns.map((name, index) => [name, (row as Json[])[index] ?? null]),
    ),
  }));
}

function tableRows({ schema, data }: JsonObject) {
  return isObject(schema) && Array.isArray(schema.fields) &&
      Array.isArray(data)
    ? data.map((value) => ({ value }))
    : undefined;
}

// What a table of prompts has at least; lists and numbers are also the members of other objects.
const TEXTS = /^(?:prompt|question|query|input|user_input|instruction|text)s?$/;
const TALKS = /^(?:messages|conversations?|dialog(?:ue)?|chosen)$/;

/** Columns side by side: lists of one length, or objects by the number of the row. */
function columnRows(record: JsonObject): OpenedRow[] | undefined {
  const columns = Object.entries(record);
  const [first] = columns;
  if (first === undefined || typeof first[1] !== "object") return undefined;
  const areLists = Array.isArray(first[1]);
  if (!areLists && !isNumbered(first[1])) return undefined;
  const keys = Object.keys(first[1] ?? {});
  const isColumn = (value: Json | undefined) =>
    Array.isArray(value) === areLists && (areLists || isNumbered(value)) &&
    Object.keys(value ?? {}).length === keys.length;
  if (keys.length === 0 || !columns.every(([, value]) => isColumn(value))) {
    return undefined;
  }
  const cell = (value: Json | undefined, key: string) =>
    (value as JsonObject)[key] ?? null;
  const isAsked = columns.some(([name, value]) =>
    TEXTS.test(name) &&
      keys.some((key) => typeof cell(value, key) === "string") ||
    // A list of messages is not a column of them.
    TALKS.test(name) &&
      keys.every((key) => objectsOf(cell(value, key)).length > 0)
  );
  if (!isAsked) return undefined;
  return keys.map((key) => ({
    value: Object.fromEntries(
      columns.map(([name, value]) => [name, cell(value, key)]),
    ),
  }));
}

function indexRows(record: JsonObject): OpenedRow[] | undefined {
  return isNumbered(record) && Object.values(record).every(isObject)
    ? Object.values(record).map((value) => ({ value: value! }))
    : undefined;
}

function isNumbered(value: Json | undefined): value is JsonObject {
  if (!isObject(value)) return false;
  for (const key in value) if (!/^\d+$/.test(key)) return false;
  return "0" in value;
}

function isNames(value: Json | undefined): value is string[] {
  return Array.isArray(value) && value.length > 0 &&
    value.every((name) => typeof name === "string");
}

const MESSAGE_MEMBERS = [
  "messages",
  "conversations",
  "conversation",
  "prompt",
  "chosen",
  "rejected",
  "turns",
  "dialog",
  "dialogue",
];

/** The record with its messages as a list, or itself where they are none or a list already. */
function withMessages(record: Json): Json {
  if (!isObject(record)) return record;
  const whole = messageList(record);
  if (whole !== undefined) return whole;
  let changed: JsonObject | undefined;
  // A column of a table, of text that is JSON, or with more than the messages in it.
  const stored = storedJson(record.messages);
  const inside = isObject(stored) && Array.isArray(stored.messages)
    ? stored.messages
    : stored;
  if (Array.isArray(inside) && inside !== record.messages) {
    changed = { ...record, messages: inside };
  }
  for (const name of MESSAGE_MEMBERS) {
    const list = messageList(record[name]);
    if (list !== undefined) (changed ??= { ...record })[name] = list;
  }
  return changed ?? record;
}

const AUTHORS = ["role", "from"];
const WORDS = ["content", "value", "text"];

function messageList(value: Json | undefined): Json[] | undefined {
  if (!isObject(value)) return undefined;
  const has = (name: string) => Array.isArray(value[name]);
  const author = AUTHORS.find(has);
  if (author === undefined || !WORDS.some(has)) return undefined;
  const members = Object.entries(value)
    .filter((member): member is [string, Json[]] => Array.isArray(member[1]));
  return (value[author] as Json[]).map((_, index) =>
    Object.fromEntries(
      members.map(([name, list]) => [name, list[index] ?? null]),
    )
  );
}
