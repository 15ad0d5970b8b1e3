import {
  firstObject,
  isObject,
  type JsonObject,
  objectsOf,
  textOrUndefined,
} from "../json.ts";
import { conversationIdOf } from "../conversation_id.ts";
import { conversationFormat } from "./format.ts";
import { authorOf, listTurns } from "./list_turns.ts";
import { roleOf } from "./role_of.ts";

/**
 * The items of a conversation as OpenAI's API lists them: `{object: "list", data: [{type: "message",
 * role, content}], first_id, last_id}`, of `/conversations/{id}/items`, `/responses/{id}/input_items` and
 * `/chat/completions/{id}/messages`; also a conversation that holds them in `items`. They have no times,
 * and the newest is first unless `order=asc` was asked for.
 * platform.openai.com/docs/api-reference/conversations/list-items.
 */
export const conversationItems = conversationFormat({
  name: "openai_conversation_items",
  matches: (record) => isMessage(firstObject(itemsOf(record)), record),
  read: (record) => {
    const items = objectsOf(itemsOf(record));
    const ordered = isNewestFirst(items) ? items.toReversed() : items;
    return [{
      id: textOrUndefined(record.id) ?? conversationIdOf(record),
      // Calls, results and reasoning have a type and no role.
      turns: listTurns(ordered.filter((item) => item.role !== undefined)),
    }];
  },
});

function itemsOf({ data, items, object }: JsonObject) {
  return object === "list"
    ? data
    : object === "conversation"
    ? isObject(items) ? items.data : items
    : undefined;
}

function isMessage(item: JsonObject | undefined, record: JsonObject): boolean {
  if (item === undefined) return false;
  return typeof item.role === "string" && item.content !== undefined ||
    // A list may begin with the model's thoughts or with a call.
    typeof item.type === "string" &&
      objectsOf(itemsOf(record)).some(({ type, role }) =>
        type === "message" && typeof role === "string"
      );
}

/**
 * True where a list runs backwards, told by what must come before what: a call before its result,
 * instructions before everything, thoughts before an answer, and the first message is a person's.
 */
function isNewestFirst(items: JsonObject[]): boolean {
  const results = new Set<unknown>();
  for (const { type, call_id } of items) {
    if (typeof type !== "string" || call_id === undefined) continue;
    if (type.endsWith("_call_output")) results.add(call_id);
    else if (type.endsWith("_call")) return results.has(call_id);
  }
  const messages = items.map(authorOf).map(roleOf)
    .filter((role) => role !== undefined);
  if (messages.at(-1) === "system") return messages[0] !== "system";
  const thought = items.findIndex(({ type }) => type === "reasoning");
  if (thought >= 0) {
    const after = items[thought + 1];
    return after === undefined || roleOf(authorOf(after)) === "user";
  }
  return messages[0] === "assistant" && messages.at(-1) === "user";
}
