import type { Turn } from "../conversation.ts";
import {
  firstObject,
  isObject,
  type Json,
  type JsonObject,
  objectsOf,
  textOrUndefined,
} from "../json.ts";
import { eventFormat } from "./event_format.ts";
import { buildAll, type ConversationFormat } from "./format.ts";
import { messageTurn } from "./list_turns.ts";

/**
 * OpenAI Assistants and Jan: messages `{object: "thread.message", thread_id, role, content: [{type:
 * "text", text: {value}}]}`. The API lists them newest first.
 */
export const assistantsThread = eventFormat({
  name: "assistants_thread",
  matches: isThreadMessage,
  conversationOf: ({ thread_id }) => textOrUndefined(thread_id),
  turnOf: (record) => {
    const turn = messageTurn(record);
    const model = textOrUndefined(record.model);
    return turn && { ...turn, ...model && { model } };
  },
  sort: byCreation,
});

/** The same as the API gives it: `{object: "list", data: […]}`. */
export const assistantsThreadList: ConversationFormat = {
  kind: "conversation",
  name: "assistants_thread_list",
  matches: (record) =>
    isObject(record) && isThreadMessage(firstObject(record.data) ?? null),
  read: (record) =>
    isObject(record)
      ? buildAll(assistantsThread, reversed(objectsOf(record.data)))
      : [],
};

function isThreadMessage(record: Json): boolean {
  return isObject(record) && record.object === "thread.message";
}

/** Messages of the same second keep their order, which in a list is the wrong way round. */
function reversed(messages: JsonObject[]): JsonObject[] {
  const [first, last] = [messages[0], messages.at(-1)];
  return Number(first?.created_at) >= Number(last?.created_at)
    ? messages.toReversed()
    : messages;
}

function byCreation(a: Turn, b: Turn): number {
  return typeof a.time === "number" && typeof b.time === "number"
    ? a.time - b.time
    : 0;
}
