import { isObject, type Json, objectsOf, textOrUndefined } from "../json.ts";
import type { ConversationFormat } from "./format.ts";
import { listTurns } from "./list_turns.ts";

/**
 * NextChat's backup: `{"chat-next-web-store": {sessions: [{id, topic, messages, mask}]}}`. The
 * messages in `mask.context` are canned, and the API keys elsewhere in the file are never read.
 */
export const nextchat: ConversationFormat = {
  kind: "conversation",
  name: "nextchat",
  matches: (record) => Array.isArray(sessionsOf(record)),
  read: (record) =>
    objectsOf(sessionsOf(record)).map((session) => ({
      id: textOrUndefined(session.id),
      title: textOrUndefined(session.topic),
      turns: listTurns(session.messages),
    })),
};

function sessionsOf(record: Json): Json | undefined {
  const store = isObject(record) ? record["chat-next-web-store"] : undefined;
  return isObject(store) ? store.sessions : undefined;
}
