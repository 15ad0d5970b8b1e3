import type { Conversation, Turn } from "../conversation.ts";
import {
  firstObject,
  isObject,
  type Json,
  type JsonObject,
  objectsOf,
  textOrUndefined,
} from "../json.ts";
import { eventFormat } from "./event_format.ts";
import type { ConversationFormat, MessageFormat } from "./format.ts";
import { insideBlock } from "./injected_text.ts";
import { roleOf } from "./role_of.ts";
import { textOf } from "./text_of.ts";
import { parseJson } from "../records/parse_json.ts";

/** Cursor's agent transcripts: `{role, message: {content: [{type: "text", text}]}}` per line. */
export const cursorTranscript: MessageFormat = eventFormat({
  name: "cursor",
  matches: (record) =>
    isObject(record) && typeof record.role === "string" &&
    isObject(record.message) && record.message.content !== undefined &&
    record.sessionId === undefined,
  turnOf: ({ role: name, message, timestamp }) => {
    const role = roleOf(name);
    const words = isObject(message) ? textOf(message.content) : "";
    const text = role === "user"
      ? insideBlock(words, "user_query") ?? words
      : words;
    return role === undefined || text === ""
      ? undefined
      : { role, text, ...timestamp && { time: timestamp } };
  },
});

/**
 * Cursor's chats as they lie in `state.vscdb`: a composer with `conversation: [{type: 1 | 2, text}]`,
 * or the older `{tabs: [{bubbles: [{type: "user" | "ai", text}]}]}`.
 */
export const cursorChats: ConversationFormat = {
  kind: "conversation",
  name: "cursor_chats",
  matches: (record) =>
    isObject(record) &&
    ((typeof record.composerId === "string" &&
      Array.isArray(record.conversation)) ||
      Array.isArray(firstObject(record.tabs)?.bubbles)),
  read: (record) => {
    if (!isObject(record)) return [];
    return Array.isArray(record.tabs)
      ? objectsOf(record.tabs).map((tab) => chatOf(tab, "tabId", tab.bubbles))
      : [chatOf(record, "composerId", record.conversation)];
  },
};

/** Rows of Cursor's key-value table: `{key: "bubbleId:<composer>:<bubble>", value: "{…}"}`. */
export const cursorRows = eventFormat({
  name: "cursor_rows",
  matches: (record) => bubbleKey(record) !== undefined,
  conversationOf: (record) => bubbleKey(record)?.composer ?? null,
  turnOf: (record) => {
    const bubble = isObject(record.value) ? record.value : parsed(record.value);
    return isObject(bubble) ? bubbleTurn(bubble) : undefined;
  },
});

function chatOf(
  chat: JsonObject,
  idKey: string,
  bubbles: Json | undefined,
): Conversation {
  return {
    id: textOrUndefined(chat[idKey]),
    title: textOrUndefined(chat.name ?? chat.chatTitle),
    turns: objectsOf(bubbles).map(bubbleTurn)
      .filter((turn) => turn !== undefined),
  };
}

function bubbleTurn(bubble: JsonObject): Turn | undefined {
  const role = bubble.type === 1 || bubble.type === "user"
    ? "user"
    : bubble.type === 2 || bubble.type === "ai"
    ? "assistant"
    : undefined;
  const text = textOrUndefined(bubble.text) ?? textOrUndefined(bubble.rawText);
  if (role === undefined || text === undefined) return undefined;
  const id = textOrUndefined(bubble.bubbleId ?? bubble.id);
  return { role, text, ...id && { id } };
}

function bubbleKey(record: Json): { composer: string } | undefined {
  if (!isObject(record) || typeof record.key !== "string") return undefined;
  const [kind, composer, bubble] = record.key.split(":");
  return kind === "bubbleId" && bubble !== undefined ? { composer } : undefined;
}

function parsed(value: Json | undefined): Json {
  if (typeof value !== "string") return null;
  try {
    return parseJson(value);
  } catch {
    // A row that is cut or binary holds no turn.
    return null;
  }
}
