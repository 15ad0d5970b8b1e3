import type { Conversation, Turn } from "../conversation.ts";
import {
  firstObject,
  isObject,
  type Json,
  type JsonObject,
  objectsOf,
  textOrUndefined,
} from "../json.ts";
import type { ConversationFormat } from "./format.ts";
import { roleOf } from "./role_of.ts";
import { treeTurns } from "./tree_turns.ts";

/**
 * Grok's data export: `{conversations: [{conversation: {id, title}, responses: [{response}]}]}`;
 * senders are `human` and `ASSISTANT` in any case. Prompts for pictures (`media_generations`) are
 * left out.
 */
export const grok: ConversationFormat = {
  kind: "conversation",
  name: "grok",
  matches: (record) =>
    isObject(record) &&
    (isEntry(record) || isEntry(firstObject(record.conversations) ?? null) ||
      isEmptyExport(record)),
  read: (record) => {
    if (!isObject(record)) return [];
    const entries = isEntry(record)
      ? [record]
      : objectsOf(record.conversations);
    return entries.map(readEntry);
  },
};

function isEntry(entry: Json): boolean {
  return isObject(entry) && entry.responses !== undefined &&
    isObject(entry.conversation);
}

function isEmptyExport({ conversations, media_generations }: JsonObject) {
  return Array.isArray(conversations) && conversations.length === 0 &&
    Array.isArray(media_generations);
}

function readEntry(entry: JsonObject): Conversation {
  const about = isObject(entry.conversation) ? entry.conversation : {};
  const nodes = objectsOf(entry.responses).map((wrapped, index) => {
    const response = isObject(wrapped.response) ? wrapped.response : wrapped;
    return {
      id: textOrUndefined(response._id) ?? `#${index}`,
      parent: textOrUndefined(response.parent_response_id),
      turn: toTurn(response),
    };
  });
  return {
    id: textOrUndefined(about.id),
    title: textOrUndefined(about.title),
    turns: nodes.some(({ parent }) => parent !== undefined)
      ? treeTurns(nodes)
      : nodes.map(({ turn }) => turn).filter((turn) => turn !== undefined),
  };
}

function toTurn(response: JsonObject): Turn | undefined {
  const role = roleOf(response.sender);
  const text = response.message;
  if (role === undefined || typeof text !== "string" || text === "") {
    return undefined;
  }
  const turn: Turn = { role, text };
  const id = textOrUndefined(response._id);
  if (id !== undefined) turn.id = id;
  if (response.create_time !== undefined) turn.time = response.create_time;
  if (typeof response.model === "string") turn.model = response.model;
  return turn;
}
