import type { Conversation } from "../conversation.ts";
import { isObject, type Json, objectsOf } from "../json.ts";
import { conversationFormat } from "./format.ts";
import { withoutBlocks } from "./injected_text.ts";
import { openaiMessages } from "./openai_messages.ts";
import { messagesOf, requestOf } from "./request_messages.ts";
import { textOf } from "./text_of.ts";
import { textTurn, turnsOf } from "./text_turn.ts";

const BLOCKS = new Set<Json | undefined>([
  "tool_use",
  "tool_result",
  "thinking",
  "document",
]);

/**
 * Anthropic Messages: `{system, messages: [{role, content: text | blocks}]}`. A user message of tool
 * results is no prompt; of a mixed one the text is, without `<system-reminder>`.
 */
export const anthropicMessages = conversationFormat({
  name: "anthropic_messages",
  matches: (record) => {
    const request = requestOf(record);
    if (request === undefined) return false;
    return (request.system ?? null) !== null || hasBlocks(messagesOf(record));
  },
  read: (record) => {
    const request = requestOf(record);
    return openaiMessages.read(record).map((conversation) =>
      withSystem(conversation, textOf(request?.system))
    );
  },
});

function hasBlocks(messages: Json[] | undefined): boolean {
  return objectsOf(messages).slice(0, 50).some(({ content }) =>
    Array.isArray(content)
      ? content.some((block) =>
        isObject(block) && (BLOCKS.has(block.type) || isReminder(block.text))
      )
      : isReminder(content)
  );
}

function isReminder(text: Json | undefined): boolean {
  return typeof text === "string" && text.startsWith("<system-reminder>");
}

function withSystem(conversation: Conversation, system: string): Conversation {
  const said = conversation.turns.map((turn) =>
    turn.role === "user"
      ? { ...turn, text: withoutBlocks(turn.text, ["system-reminder"]) }
      : turn
  );
  return {
    ...conversation,
    turns: turnsOf([
      textTurn("system", system),
      ...said.filter(({ text }) => text !== ""),
    ]),
  };
}
