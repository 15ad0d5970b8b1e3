import {
  type Json,
  type JsonObject,
  objectOrEmpty,
  objectsOf,
} from "../json.ts";
import { conversationFormat } from "./format.ts";
import { listTurns } from "./list_turns.ts";

/**
 * NextChat's backup: `{"chat-next-web-store": {sessions: [{id, topic, messages, mask}]}}`. The
 * messages in `mask.context` are canned, and the API keys elsewhere in the file are never read.
 */
export const nextchat = conversationFormat({
  name: "nextchat",
  matches: (record) => Array.isArray(sessionsOf(record)),
  read: (record) =>
    objectsOf(sessionsOf(record)).map((session) => ({
      id: session.id,
      title: session.topic,
      turns: listTurns(session.messages),
    })),
});

function sessionsOf(record: JsonObject): Json | undefined {
  return objectOrEmpty(record["chat-next-web-store"]).sessions;
}
