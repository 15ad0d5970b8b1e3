import { isObject, type Json, type JsonObject } from "../json.ts";
import { authorOf } from "./list_turns.ts";
import { storedJson } from "../records/stored_json.ts";
import { roleOf } from "./role_of.ts";

const WRAPPERS = [
  "request",
  "request_body",
  "body",
  "params",
  "kwargs",
  "input",
  "values",
  "payload",
];

/** The first of a record and the objects under some of its keys that is what is looked for. */
export function wrapped(
  record: JsonObject,
  keys: readonly string[],
  isWanted: (place: JsonObject) => boolean,
): JsonObject | undefined {
  return [record, ...keys.map((key) => record[key])]
    .find((place) => isObject(place) && isWanted(place)) as
      | JsonObject
      | undefined;
}

/** The object of a record that holds `messages`: itself, or the request that a program logged in it. */
export function requestOf(record: JsonObject): JsonObject | undefined {
  if (isMessageList(record.messages)) return record;
  for (const key of WRAPPERS) {
    const inside = record[key];
    if (!isObject(inside)) continue;
    if (isMessageList(inside.messages)) return inside;
    const { body } = inside;
    if (isObject(body) && isMessageList(body.messages)) return body;
  }
  return undefined;
}

/** The messages of that object. */
export function messagesOf(record: JsonObject): Json[] | undefined {
  return requestOf(record)?.messages as Json[] | undefined;
}

/** True for a list whose messages name their author; an empty one is an empty conversation. */
export function isMessageList(value: Json | undefined): boolean {
  if (!Array.isArray(value)) return false;
  for (const stored of value) {
    const message = storedJson(stored) ?? null;
    if (message === null) continue;
    if (Array.isArray(message)) return roleOf(message[0]) !== undefined;
    if (!isObject(message)) return false;
    return message.role !== undefined ||
      roleOf(authorOf(message)) !== undefined;
  }
  return true;
}
