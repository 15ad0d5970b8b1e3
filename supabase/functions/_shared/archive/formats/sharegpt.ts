import {
  firstObject,
  type Json,
  type JsonObject,
  textOrUndefined,
} from "../json.ts";
import { storedJson } from "../records/stored_json.ts";
import { conversationIdOf } from "../conversation_id.ts";
import { conversationFormat } from "./format.ts";
import { authorOf, listTurns } from "./list_turns.ts";
import { textTurn } from "./text_turn.ts";

/**
 * ShareGPT and Vicuna: `{id, conversations: [{from, value}]}`; also `{title, conversations:
 * [{author, content}]}`. Here `conversations` holds messages.
 */
export const sharegpt = conversationFormat({
  name: "sharegpt",
  matches: (record) => {
    const first = firstObject(messagesOf(record));
    return first !== undefined && first.messages === undefined &&
      (typeof authorOf(first) === "string" || first.value !== undefined);
  },
  isEmpty: ({ conversations }) => Array.isArray(conversations),
  read: (record) => [{
    id: conversationIdOf(record) ?? textOrUndefined(record.id),
    title: record.title,
    model: record.model,
    turns: [
      textTurn("system", record.system),
      ...listTurns(messagesOf(record)),
    ],
  }],
});

/** Rows that came through Parquet hold the list as text. */
function messagesOf({ conversations }: JsonObject): Json | undefined {
  return storedJson(conversations);
}
