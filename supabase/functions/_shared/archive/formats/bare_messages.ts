import { isObject, type Json, type JsonObject } from "../json.ts";
import type { ConversationFormat, MessageFormat } from "./format.ts";
import { authorOf, listTurns } from "./list_turns.ts";
import { roleOf } from "./role_of.ts";

/** `{role, content}` records: a list or a file of them is one conversation. */
export const bareMessages: MessageFormat = {
  kind: "message",
  name: "bare_messages",
  matches: isBareMessage,
  conversationOf: () => undefined,
  keep: (record) => roleOf(authorOf(record)) === undefined ? undefined : record,
  join: (kept, id) => ({ id, turns: listTurns(kept) }),
};

/** `[[{role, content}, …], …]`: every list of messages is a conversation. */
export const bareMessageLists: ConversationFormat = {
  kind: "conversation",
  name: "bare_messages",
  matches: (record) => Array.isArray(record) && record.some(isBareMessage),
  read: (record) => [{ turns: listTurns(record) }],
};

const WORDS = ["content", "text", "parts", "value", "message", "tool_calls"];

function isBareMessage(record: Json): boolean {
  return isObject(record) && isKnownAuthor(record) &&
    WORDS.some((key) => record[key] !== undefined);
}

function isKnownAuthor(record: JsonObject): boolean {
  const author = authorOf(record);
  return roleOf(author) !== undefined || author === "tool" ||
    author === "function";
}
