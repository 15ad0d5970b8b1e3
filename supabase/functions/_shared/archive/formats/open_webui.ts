import type { Turn } from "../conversation.ts";
import {
  isObject,
  type Json,
  type JsonObject,
  textOrUndefined,
} from "../json.ts";
import type { ConversationFormat } from "./format.ts";
import { messageTurn } from "./list_turns.ts";
import { treeTurns } from "./tree_turns.ts";

/**
 * Open WebUI: `{id, title, chat: {history: {currentId, messages: {id: message}}}}`, or the inner
 * object alone. `chat.messages` repeats the current branch and is not read.
 */
export const openWebui: ConversationFormat = {
  kind: "conversation",
  name: "open_webui",
  matches: (record) => historyOf(record) !== undefined,
  read: (record) => {
    const history = historyOf(record);
    if (history === undefined || !isObject(record)) return [];
    const chat = isObject(record.chat) ? record.chat : record;
    const models = Array.isArray(chat.models) ? chat.models : [];
    return [{
      id: textOrUndefined(record.id ?? chat.id),
      title: textOrUndefined(record.title ?? chat.title),
      model: textOrUndefined(models[0] ?? undefined),
      turns: historyTurns(history),
    }];
  },
};

function historyOf(record: Json): JsonObject | undefined {
  if (!isObject(record)) return undefined;
  const chat = isObject(record.chat) ? record.chat : record;
  const history = chat.history;
  return isObject(history) && isObject(history.messages) ? history : undefined;
}

function historyTurns(history: JsonObject): Turn[] {
  const messages = isObject(history.messages) ? history.messages : {};
  const nodes = Object.entries(messages).flatMap(([key, message]) => {
    if (!isObject(message)) return [];
    const turn = messageTurn(message);
    if (turn !== undefined) turn.id ??= key;
    return {
      id: key,
      parent: textOrUndefined(message.parentId),
      turn,
      time: message.timestamp,
    };
  });
  return treeTurns(nodes, textOrUndefined(history.currentId));
}
