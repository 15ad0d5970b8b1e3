import type { Turn } from "../conversation.ts";
import {
  firstObject,
  isObject,
  type JsonObject,
  objectsOf,
  textOrUndefined,
} from "../json.ts";
import {
  buildAll,
  type ConversationBuilder,
  type ConversationFormat,
  type MessageFormat,
} from "./format.ts";

/**
 * Dify's messages: `{id, conversation_id, query, answer, created_at}`, a row per exchange. The order
 * of files varies, so the time decides; `message` holds what was sent to the model and is not read.
 */
export const difyRows: MessageFormat = {
  kind: "message",
  name: "dify_rows",
  matches: (record) =>
    isObject(record) &&
    (typeof record.query === "string" || record.query === null) &&
    record.answer !== undefined && record.conversation_id !== undefined,
  conversationOf: ({ conversation_id }) => textOrUndefined(conversation_id),
  open: openConversation,
};

/** The same as the API gives it: `{data: […], has_more}`. */
export const dify: ConversationFormat = {
  kind: "conversation",
  name: "dify",
  matches: (record) => {
    const first = isObject(record) ? firstObject(record.data) : undefined;
    return first !== undefined && difyRows.matches(first);
  },
  read: (record) =>
    isObject(record) ? buildAll(difyRows, objectsOf(record.data)) : [],
};

function openConversation(id: string | undefined): ConversationBuilder {
  const rows: JsonObject[] = [];
  return {
    add: (row) => rows.push(row) > 0,
    build: () => {
      rows.sort((a, b) => timeOf(a) - timeOf(b));
      return [{ id, turns: rows.flatMap(toTurns) }];
    },
  };
}

function timeOf({ created_at }: JsonObject): number {
  return typeof created_at === "number"
    ? created_at
    : Date.parse(String(created_at)) || 0;
}

function toTurns(row: JsonObject): Turn[] {
  const { answer, created_at } = row;
  const inputs = isObject(row.inputs) ? row.inputs : {};
  // Apps that only complete a text take it as an input of this name.
  const query = row.query || inputs.query;
  const id = textOrUndefined(row.id);
  const turns: Turn[] = [];
  if (typeof query === "string" && query !== "") {
    turns.push({ role: "user", text: query, id, time: created_at });
  }
  if (typeof answer === "string" && answer !== "") {
    turns.push({ role: "assistant", text: answer });
  }
  return turns;
}
