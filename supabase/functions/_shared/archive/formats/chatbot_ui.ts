import { firstObject, isObject, objectsOf, textOrUndefined } from "../json.ts";
import type { ConversationFormat } from "./format.ts";
import { listTurns } from "./list_turns.ts";

/**
 * Chatbot UI, versions 1 to 4: `{version, history: [{id, name, messages, model, prompt}]}`. `prompt`
 * is the system prompt, the top-level `prompts` are templates.
 */
export const chatbotUi: ConversationFormat = {
  kind: "conversation",
  name: "chatbot_ui",
  matches: (record) =>
    isObject(record) &&
    (Array.isArray(firstObject(record.history)?.messages) ||
      (objectsOf(record.history).length === 0 && record.history !== undefined &&
        Array.isArray(record.folders) && Array.isArray(record.prompts))),
  read: (record) =>
    objectsOf(isObject(record) ? record.history : undefined).map((chat) => {
      const turns = listTurns(chat.messages);
      if (typeof chat.prompt === "string" && chat.prompt !== "") {
        turns.unshift({ role: "system", text: chat.prompt });
      }
      return {
        id: textOrUndefined(chat.id),
        title: textOrUndefined(chat.name),
        model: isObject(chat.model)
          ? textOrUndefined(chat.model.id)
          : textOrUndefined(chat.model),
        turns,
      };
    }),
};
