import {
  type Json,
  type JsonObject,
  objectOrEmpty,
  objectsOf,
  textOrUndefined,
} from "../json.ts";
import { conversationFormat } from "./format.ts";
import { listTurns } from "./list_turns.ts";

/** TypingMind: `{data: {chats: [{chatID, chatTitle, messages}]}}`; `userPrompts` are a library. */
export const typingmind = conversationFormat({
  name: "typingmind",
  matches: (record) => Array.isArray(chatsOf(record)),
  read: (record) =>
    objectsOf(chatsOf(record)).map((chat) => ({
      id: textOrUndefined(chat.chatID ?? chat.id),
      title: textOrUndefined(chat.chatTitle ?? chat.title),
      model: textOrUndefined(chat.model),
      turns: listTurns(chat.messages),
    })),
});

function chatsOf({ data }: JsonObject): Json | undefined {
  return objectOrEmpty(data).chats;
}
