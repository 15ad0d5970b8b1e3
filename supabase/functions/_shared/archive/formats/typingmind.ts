import { isObject, type Json, objectsOf, textOrUndefined } from "../json.ts";
import type { ConversationFormat } from "./format.ts";
import { listTurns } from "./list_turns.ts";

/** TypingMind: `{data: {chats: [{chatID, chatTitle, messages}]}}`; `userPrompts` are a library. */
export const typingmind: ConversationFormat = {
  kind: "conversation",
  name: "typingmind",
  matches: (record) => Array.isArray(chatsOf(record)),
  read: (record) =>
    objectsOf(chatsOf(record)).map((chat) => ({
      id: textOrUndefined(chat.chatID ?? chat.id),
      title: textOrUndefined(chat.chatTitle ?? chat.title),
      model: textOrUndefined(chat.model),
      turns: listTurns(chat.messages),
    })),
};

function chatsOf(record: Json): Json | undefined {
  return isObject(record) && isObject(record.data)
    ? record.data.chats
    : undefined;
}
