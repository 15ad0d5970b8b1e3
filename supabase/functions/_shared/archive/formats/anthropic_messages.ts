import type { Conversation, Turn } from "../conversation.ts";
import { isObject, type Json, objectsOf } from "../json.ts";
import type { ConversationFormat } from "./format.ts";
import { withoutBlocks } from "./injected_text.ts";
import { openaiMessages } from "./openai_messages.ts";
import { messagesOf, requestOf } from "./request_messages.ts";
import { textOf } from "./text_of.ts";

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
export const anthropicMessages: ConversationFormat = {
  kind: "conversation",
  name: "anthropic_messages",
  matches: (record) => {
    if (!isObject(record)) return false;
    const request = requestOf(record);
    if (request === undefined) return false;
    return (request.system ?? null) !== null || hasBlocks(messagesOf(record));
  },
  read: (record) => {
    if (!isObject(record)) return [];
    const request = requestOf(record);
    return openaiMessages.read(record).map((conversation) =>
      withSystem(conversation, textOf(request?.system))
    );
  },
};

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
  const turns: Turn[] = system === "" ? [] : [{ role: "system", text: system }];
  for (const turn of conversation.turns) {
    const text = turn.role === "user"
      ? withoutBlocks(turn.text, ["system-reminder"])
      : turn.text;
    if (text !== "") turns.push({ ...turn, text });
  }
  return { ...conversation, turns };
}
