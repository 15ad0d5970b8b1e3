import { firstObject, isObject, objectsOf } from "../json.ts";
import { conversationFormat } from "./format.ts";
import { listTurns } from "./list_turns.ts";
import { textTurn } from "./text_turn.ts";

/**
 * Chatbot UI, versions 1 to 4: `{version, history: [{id, name, messages, model, prompt}]}`. `prompt`
 * is the system prompt, the top-level `prompts` are templates.
 */
export const chatbotUi = conversationFormat({
  name: "chatbot_ui",
  matches: (record) =>
    Array.isArray(firstObject(record.history)?.messages) ||
    (objectsOf(record.history).length === 0 && record.history !== undefined &&
      Array.isArray(record.folders) && Array.isArray(record.prompts)),
  read: (record) =>
    objectsOf(record.history).map((chat) => ({
      id: chat.id,
      title: chat.name,
      model: isObject(chat.model) ? chat.model.id : chat.model,
      turns: [
        textTurn("system", chat.prompt),
        ...listTurns(chat.messages),
      ],
    })),
});
