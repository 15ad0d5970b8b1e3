import type { Conversation } from "../conversation.ts";
import {
  isObject,
  type JsonObject,
  objectOrEmpty,
  objectsOf,
  textOrUndefined,
} from "../json.ts";
import { conversationFormat } from "./format.ts";
import { messageTurn } from "./list_turns.ts";

/**
 * LobeChat: `{exportType, state: {sessions, topics, messages: [{role, content, sessionId, topicId}]}}`,
 * and where it has a database `{data: {messages, sessions, topics, …}, mode, schemaHash}` (lobehub/lobehub#5144,
 * packages/database/src/repositories/dataExporter), whose messages may name an `agentId` and a `threadId`.
 * A topic of a session is a conversation, so is a thread of it, and so are the messages of a session
 * without a topic.
 */
export const lobechat = conversationFormat({
  name: "lobechat",
  matches: (record) => tablesOf(record) !== undefined,
  read: (record) => {
    const { sessions, topics, messages } = tablesOf(record)!;
    const titles = new Map(
      [...objectsOf(sessions), ...objectsOf(topics)]
        .map((one) => [one.id, titleOf(one)]),
    );
    const conversations = new Map<string, Conversation>();
    for (const message of objectsOf(messages)) {
      const session = textOrUndefined(message.sessionId) ??
        textOrUndefined(message.agentId) ?? "inbox";
      const topic = textOrUndefined(message.topicId);
      const id = [session, topic, textOrUndefined(message.threadId)]
        .filter((part) => part !== undefined).join("/");
      let conversation = conversations.get(id);
      if (conversation === undefined) {
        const title = titles.get(topic ?? session);
        conversation = { id, title, turns: [] };
        conversations.set(id, conversation);
      }
      const turn = messageTurn(message);
      if (turn !== undefined) conversation.turns.push(turn);
    }
    return [...conversations.values()];
  },
});

function tablesOf(record: JsonObject): JsonObject | undefined {
  const { exportType, state, mode, data } = record;
  if (typeof exportType === "string" && isObject(state)) return state;
  const isOfDatabase = mode === "postgres" || mode === "pglite";
  return isOfDatabase && isObject(data) && Array.isArray(data.messages)
    ? data
    : undefined;
}

function titleOf(one: JsonObject): string | undefined {
  return textOrUndefined(one.title ?? objectOrEmpty(one.meta).title);
}
