import type { Conversation, Turn } from "../conversation.ts";
import {
  firstObject,
  isObject,
  type Json,
  type JsonObject,
  objectOrEmpty,
  objectsOf,
  textOrUndefined,
} from "../json.ts";
import { eventFormat } from "./event_format.ts";
import {
  type ConversationBuilder,
  conversationFormat,
  messageFormat,
  type ReadConversation,
} from "./format.ts";
import { insideBlock } from "./injected_text.ts";
import { roleOf } from "./role_of.ts";
import { textOf } from "./text_of.ts";
import { textTurn, turnsOf } from "./text_turn.ts";
import { storedJson } from "../records/stored_json.ts";

/** Cursor's agent transcripts: `{role, message: {content: [{type: "text", text}]}}` per line. */
export const cursorTranscript = eventFormat({
  name: "cursor",
  matches: (record) =>
    typeof record.role === "string" &&
    isObject(record.message) && record.message.content !== undefined &&
    record.sessionId === undefined,
  turnOf: ({ role: name, message, timestamp }) => {
    const role = roleOf(name);
    const words = textOf(objectOrEmpty(message).content);
    const text = role === "user"
      ? insideBlock(words, "user_query") ?? words
      : words;
    return textTurn(role, text, { time: timestamp });
  },
});

/**
 * Cursor's chats as they lie in `state.vscdb`: a composer with `conversation: [{type: 1 | 2, text}]`,
 * or the older `{tabs: [{bubbles: [{type: "user" | "ai", text}]}]}`.
 */
export const cursorChats = conversationFormat({
  name: "cursor_chats",
  matches: (record) =>
    (typeof record.composerId === "string" &&
      Array.isArray(record.conversation)) ||
    Array.isArray(firstObject(record.tabs)?.bubbles),
  read: (record) =>
    Array.isArray(record.tabs)
      ? objectsOf(record.tabs).map((tab) => chatOf(tab, "tabId", tab.bubbles))
      : [chatOf(record, "composerId", record.conversation)],
});

/**
 * Rows of Cursor's key-value tables, `{key, value: "{…}"}`: `bubbleId:<composer>:<bubble>` is a
 * message and `composerData:<composer>` tells their order, or holds them in older versions, whose
 * panel keeps its chats under one key.
 */
export const cursorRows = messageFormat({
  name: "cursor_rows",
  matches: (record) => keyOf(record) !== undefined,
  conversationOf: (record) => keyOf(record)?.composer ?? null,
  open: openComposer,
});

function openComposer(id: string | undefined): ConversationBuilder {
  const bubbles = new Map<string, Turn>();
  const chats: Conversation[] = [];
  let about: JsonObject = {};
  return {
    add(record) {
      const key = keyOf(record);
      const value = storedJson(record.value);
      if (key === undefined || !isObject(value)) return false;
      if (key.bubble !== undefined) {
        const turn = bubbleTurn(value);
        if (turn !== undefined) bubbles.set(key.bubble, turn);
        return turn !== undefined;
      }
      if (cursorChats.matches(value)) chats.push(...cursorChats.read(value));
      else about = value;
      return true;
    },
    build: () => {
      const order = objectsOf(about.fullConversationHeadersOnly)
        .map(({ bubbleId }) => String(bubbleId));
      const ordered = new Set([...order, ...bubbles.keys()]);
      const turns = turnsOf([...ordered].map((bubble) => bubbles.get(bubble)));
      const title = textOrUndefined(about.name);
      return turns.length > 0 || chats.length === 0
        ? [{ id, title, turns }, ...chats]
        : chats;
    },
  };
}

function chatOf(
  chat: JsonObject,
  idKey: string,
  bubbles: Json | undefined,
): ReadConversation {
  return {
    id: chat[idKey],
    title: chat.name ?? chat.chatTitle,
    turns: objectsOf(bubbles).map(bubbleTurn),
  };
}

function bubbleTurn(bubble: JsonObject): Turn | undefined {
  const { type } = bubble;
  const role = roleOf(type === 1 ? "user" : type === 2 ? "ai" : type);
  const text = textOrUndefined(bubble.text) ??
    textOrUndefined(bubble.rawText) ?? richWords(storedJson(bubble.richText));
  return textTurn(role, text, { id: bubble.bubbleId ?? bubble.id });
}

/** Rich text is a tree of nodes; those with words stand in paragraphs. */
function richWords(node: Json | undefined): string {
  if (!isObject(node)) return "";
  if (typeof node.text === "string") return node.text;
  const words = objectsOf(node.children ?? (node.root ? [node.root] : []))
    .map((child) => ({ words: richWords(child), isLine: child.children }));
  return words.map(({ words, isLine }, index) =>
    index > 0 && isLine !== undefined ? `\n${words}` : words
  ).join("");
}

const PANEL_KEY = "workbench.panel.aichat.view.aichat.chatdata";

function keyOf(
  record: JsonObject,
): { composer?: string; bubble?: string } | undefined {
  if (typeof record.key !== "string") return undefined;
  if (record.key === PANEL_KEY) return {};
  const [kind, composer, bubble] = record.key.split(":");
  if (kind === "bubbleId" && bubble !== undefined) return { composer, bubble };
  return kind === "composerData" && composer !== undefined
    ? { composer }
    : undefined;
}
