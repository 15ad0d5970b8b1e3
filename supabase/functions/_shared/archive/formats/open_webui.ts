import type { Turn } from "../conversation.ts";
import {
  isObject,
  type JsonObject,
  objectOrEmpty,
  textOrUndefined,
} from "../json.ts";
import { conversationFormat } from "./format.ts";
import { listTurns, messageTurn } from "./list_turns.ts";
import { treeTurns } from "./tree_turns.ts";

/**
 * Open WebUI: `{id, title, chat: {history: {currentId, messages: {id: message}}}}`, or the inner
 * object alone; Qwen Chat, which answers `{success, data}` around it (wuaishare/sharextract#8).
 * `chat.messages` repeats the current branch; it is read only where the oldest versions
 * wrote nothing else.
 */
export const openWebui = conversationFormat({
  name: "open_webui",
  matches: (record) =>
    historyOf(record) !== undefined ||
    // The oldest versions.
    Array.isArray(objectOrEmpty(record.chat).messages),
  lacksMessages: ({ chat }) => isObject(chat) ? "chat.history" : undefined,
  read: (answered) => {
    const history = historyOf(answered);
    const record = shared(answered);
    const chat = isObject(record.chat) ? record.chat : record;
    const models = Array.isArray(chat.models) ? chat.models : [];
    return [{
      id: record.id ?? chat.id,
      title: record.title ?? chat.title,
      model: models[0] ?? undefined,
      turns: history === undefined
        ? listTurns(chat.messages)
        : historyTurns(history),
    }];
  },
});

/** The chat in what an API answered. */
function shared(record: JsonObject): JsonObject {
  return record.success === true && isObject(record.data)
    ? record.data
    : record;
}

function historyOf(answered: JsonObject): JsonObject | undefined {
  const record = shared(answered);
  const { history } = isObject(record.chat) ? record.chat : record;
  return isObject(history) && isObject(history.messages) ? history : undefined;
}

function historyTurns(history: JsonObject): Turn[] {
  const messages = objectOrEmpty(history.messages);
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
