import type { Conversation } from "../conversation.ts";
import {
  isObject,
  type JsonObject,
  objectsOf,
  textOrUndefined,
} from "../json.ts";
import { byTurnTime } from "./event_format.ts";
import type { ConversationFormat } from "./format.ts";
import { messageTurn } from "./list_turns.ts";

/**
 * LobeChat: `{exportType, state: {sessions, topics, messages: [{role, content, sessionId, topicId}]}}`.
 * A topic of a session is a conversation, and so are the messages of a session without a topic.
 */
export const lobechat: ConversationFormat = {
  kind: "conversation",
  name: "lobechat",
  matches: (record) =>
    isObject(record) && typeof record.exportType === "string" &&
    isObject(record.state),
  read: (record) => {
    if (!isObject(record) || !isObject(record.state)) return [];
    const titles = new Map(
      [...objectsOf(record.state.sessions), ...objectsOf(record.state.topics)]
        .map((one) => [one.id, titleOf(one)]),
    );
    const conversations = new Map<string, Conversation>();
    for (const message of objectsOf(record.state.messages)) {
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
    for (const { turns } of conversations.values()) turns.sort(byTurnTime);
    return [...conversations.values()];
  },
};

function titleOf(one: JsonObject): string | undefined {
  const meta = isObject(one.meta) ? one.meta : {};
  return textOrUndefined(one.title ?? meta.title);
}
