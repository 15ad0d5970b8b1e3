import type { Turn } from "../conversation.ts";
import {
  firstObject,
  isObject,
  type JsonObject,
  objectOrEmpty,
  objectsOf,
  textOrUndefined,
} from "../json.ts";
import { leaveOut } from "../left_out.ts";
import { conversationFormat, type ReadConversation } from "./format.ts";
import { roleOf } from "./role_of.ts";
import { textTurn, turnsOf } from "./text_turn.ts";
import { treeTurns } from "./tree_turns.ts";

/**
 * Grok's data export: `{conversations: [{conversation: {id, title}, responses: [{response}]}]}`;
 * senders are `human` and `ASSISTANT` in any case. Prompts for pictures (`media_generations`) are
 * left out.
 */
export const grok = conversationFormat({
  name: "grok",
  matches: (record) =>
    isEntry(record) || isEntry(firstObject(record.conversations)) ||
    isEmptyExport(record),
  read: (record) =>
    (isEntry(record) ? [record] : objectsOf(record.conversations))
      .map(readEntry),
});

function isEntry(entry: JsonObject | undefined): boolean {
  return entry?.responses !== undefined && isObject(entry.conversation);
}

function isEmptyExport({ conversations, media_generations }: JsonObject) {
  return Array.isArray(conversations) && conversations.length === 0 &&
    Array.isArray(media_generations);
}

function readEntry(entry: JsonObject): ReadConversation {
  const about = objectOrEmpty(entry.conversation);
  const nodes = objectsOf(entry.responses).map((wrapped, index) => {
    const response = isObject(wrapped.response) ? wrapped.response : wrapped;
    return {
      id: textOrUndefined(response._id) ?? `#${index}`,
      parent: textOrUndefined(response.parent_response_id),
      turn: toTurn(response),
    };
  });
  return {
    id: about.id,
    title: about.title,
    turns: nodes.some(({ parent }) => parent !== undefined)
      ? treeTurns(nodes)
      : turnsOf(nodes.map(({ turn }) => turn)),
  };
}

function toTurn(response: JsonObject): Turn | undefined {
  if (roleOf(response.sender) === undefined) {
    leaveOut(`sender/${response.sender}`, response);
  }
  return textTurn(roleOf(response.sender), response.message, {
    id: response._id,
    time: response.create_time,
    model: response.model,
  });
}
