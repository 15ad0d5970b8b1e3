import {
  type Json,
  type JsonObject,
  objectOrEmpty,
  objectsOf,
} from "../json.ts";
import { conversationFormat } from "./format.ts";
import { listTurns } from "./list_turns.ts";

/** TypingMind: `{data: {chats: [{chatID, chatTitle, messages}]}}`; `userPrompts` are a library. */
export const typingmind = conversationFormat({
  name: "typingmind",
  matches: (record) => Array.isArray(chatsOf(record)),
  read: (record) =>
    objectsOf(chatsOf(record)).map((chat) => ({
      id: chat.chatID ?? chat.id,
      title: chat.chatTitle ?? chat.title,
      model: chat.model,
      turns: listTurns(chat.messages),
    })),
});

function chatsOf({ data }: JsonObject): Json | undefined {
  return objectOrEmpty(data).chats;
}
