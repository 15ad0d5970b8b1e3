import { conversationIdOf } from "../conversation_id.ts";
import { isObject, type Json, type JsonObject } from "../json.ts";
import { eventFormat } from "./event_format.ts";
import { linkOf, tableTurn } from "./table_turn.ts";
import type { ConversationFormat } from "./format.ts";
import { authorOf, listTurns } from "./list_turns.ts";
import { roleOf } from "./role_of.ts";

/**
 * `{role, content}` records: a list or a file of them is one conversation, unless they name several.
 */
export const bareMessages = eventFormat({
  name: "bare_messages",
  matches: isBareMessage,
  conversationOf: conversationIdOf,
  turnOf: (record) => {
    if (authorOf(record) === undefined && hasWords(record)) {
      const keys = Object.keys(record).slice(0, 12).join(", ");
      throw new TypeError(`it names no author, only the keys ${keys}`);
    }
    return tableTurn(record, record);
  },
  linkOf,
});

/** `[[{role, content}, …], …]`: every list of messages is a conversation. */
export const bareMessageLists: ConversationFormat = {
  kind: "conversation",
  name: "bare_message_lists",
  matches: (record) => Array.isArray(record) && record.some(isBareMessage),
  read: (record) => [{ turns: listTurns(record) }],
};

const WORDS = [
  "content",
  "text",
  "parts",
  "value",
  "message",
  "tool_calls",
  "kwargs",
  "data",
  "body",
];

function isBareMessage(record: Json): boolean {
  return isObject(record) && isKnownAuthor(record) &&
    hasWords(record);
}

function hasWords(record: JsonObject): boolean {
  return WORDS.some((key) => record[key] !== undefined);
}

export function isKnownAuthor(record: JsonObject): boolean {
  const author = authorOf(record);
  return roleOf(author) !== undefined || author === "tool" ||
    author === "function";
}
