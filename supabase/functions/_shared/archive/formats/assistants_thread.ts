import {
  firstObject,
  type JsonObject,
  objectsOf,
  textOrUndefined,
} from "../json.ts";
import { eventFormat } from "./event_format.ts";
import { buildAll, conversationFormat } from "./format.ts";
import { messageTurn } from "./list_turns.ts";

/**
 * OpenAI Assistants and Jan: messages `{object: "thread.message", thread_id, role, content: [{type:
 * "text", text: {value}}]}`. The API lists them newest first.
 */
export const assistantsThread = eventFormat({
  name: "assistants_thread",
  matches: (record) => record.object === "thread.message",
  conversationOf: ({ thread_id }) => textOrUndefined(thread_id),
  turnOf: messageTurn,
});

/** The same as the API gives it: `{object: "list", data: […]}`. */
export const assistantsThreadList = conversationFormat({
  name: "assistants_thread_list",
  matches: (record) => assistantsThread.matches(firstObject(record.data)),
  read: (record) =>
    buildAll(assistantsThread, reversed(objectsOf(record.data))),
});

/** Messages of the same second keep their order, which in a list is the wrong way round. */
function reversed(messages: JsonObject[]): JsonObject[] {
  const [first, last] = [messages[0], messages.at(-1)];
  return Number(first?.created_at) >= Number(last?.created_at)
    ? messages.toReversed()
    : messages;
}
