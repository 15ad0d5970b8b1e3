import type { Turn } from "../conversation.ts";
import { type JsonObject, objectOrEmpty, textOrUndefined } from "../json.ts";
import {
  type ConversationBuilder,
  listedFormat,
  messageFormat,
} from "./format.ts";
import { textTurn, turnsOf } from "./text_turn.ts";

/**
 * Dify's messages: `{id, conversation_id, query, answer, created_at}`, a row per exchange. `message`
 * holds what was sent to the model and is not read.
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
export const dify = listedFormat("dify", difyRows, ({ data }) => data);

function openConversation(id: string | undefined): ConversationBuilder {
  const turns: Turn[] = [];
  return {
    add: (row) => turns.push(...toTurns(row)) > 0,
    build: () => [{ id, turns }],
  };
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
