import {
  type Json,
  type JsonObject,
  objectsOf,
  textOrUndefined,
} from "../json.ts";
import { eventFormat } from "./event_format.ts";
import { listedFormat } from "./format.ts";
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
export const assistantsThreadList = listedFormat(
  "assistants_thread_list",
  assistantsThread,
  ({ data }) => reversed(objectsOf(data)) as Json[],
);

/** Messages of the same second keep their order, which in a list is the wrong way round. */
function reversed(messages: JsonObject[]): JsonObject[] {
  const [first, last] = [messages[0], messages.at(-1)];
  return Number(first?.created_at) >= Number(last?.created_at)
    ? messages.toReversed()
    : messages;
}
