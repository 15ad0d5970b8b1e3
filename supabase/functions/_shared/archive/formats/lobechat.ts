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
 * LobeChat: `{exportType, state: {sessions, topics, messages: [{role, content, sessionId, topicId}]}}`.
 * A topic of a session is a conversation, and so are the messages of a session without a topic.
 */
export const lobechat = conversationFormat({
  name: "lobechat",
  matches: (record) =>
    typeof record.exportType === "string" &&
    isObject(record.state),
  read: (record) => {
    const { sessions, topics, messages } = objectOrEmpty(record.state);
    const titles = new Map(
      [...objectsOf(sessions), ...objectsOf(topics)]
        .map((one) => [one.id, titleOf(one)]),
    );
    const conversations = new Map<string, Conversation>();
    for (const message of objectsOf(messages)) {
      const session = textOrUndefined(message.sessionId) ?? "inbox";
      const topic = textOrUndefined(message.topicId);
      const id = topic === undefined ? session : `${session}/${topic}`;
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

function titleOf(one: JsonObject): string | undefined {
  return textOrUndefined(one.title ?? objectOrEmpty(one.meta).title);
}
