import type { Turn } from "../conversation.ts";
import {
  firstObject,
  type JsonObject,
  objectOrEmpty,
  objectsOf,
  textOrUndefined,
} from "../json.ts";
import {
  buildAll,
  type ConversationBuilder,
  conversationFormat,
  messageFormat,
} from "./format.ts";
import { textTurn, turnsOf } from "./text_turn.ts";

/**
 * Dify's messages: `{id, conversation_id, query, answer, created_at}`, a row per exchange. The order
 * of files varies, so the time decides; `message` holds what was sent to the model and is not read.
 */
export const difyRows = messageFormat({
  name: "dify_rows",
  matches: (record) =>
    (typeof record.query === "string" || record.query === null) &&
    record.answer !== undefined && record.conversation_id !== undefined,
  conversationOf: ({ conversation_id }) => textOrUndefined(conversation_id),
  open: openConversation,
});

/** The same as the API gives it: `{data: […], has_more}`. */
export const dify = conversationFormat({
  name: "dify",
  matches: (record) => difyRows.matches(firstObject(record.data)),
  read: (record) => buildAll(difyRows, objectsOf(record.data)),
});

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
  const { id, answer, created_at: time } = row;
  // Apps that only complete a text take it as an input of this name.
  const query = row.query || objectOrEmpty(row.inputs).query;
  return turnsOf([
    textTurn("user", query, { id, time }),
    textTurn("assistant", answer),
  ]);
}
