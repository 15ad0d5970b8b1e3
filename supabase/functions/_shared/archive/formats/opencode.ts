import type { Turn } from "../conversation.ts";
import {
  firstObject,
  isObject,
  type JsonObject,
  objectsOf,
  textOrUndefined,
} from "../json.ts";
import { eventFormat } from "./event_format.ts";
import type { ConversationFormat, RefusedFormat } from "./format.ts";
import { roleOf } from "./role_of.ts";
import { textOf } from "./text_of.ts";

/**
 * opencode's `export`: `{info, messages: [{info: {id, role}, parts: [{type: "text", text}]}]}`. Parts
 * with `synthetic` were put in by the program.
 */
export const opencode: ConversationFormat = {
  kind: "conversation",
  name: "opencode",
  matches: (record) => {
    const first = isObject(record) ? firstObject(record.messages) : undefined;
    return first !== undefined && isObject(first.info) &&
      Array.isArray(first.parts);
  },
  read: (record) => {
    if (!isObject(record)) return [];
    const info = isObject(record.info) ? record.info : {};
    return [{
      id: textOrUndefined(info.id),
      title: textOrUndefined(info.title),
      turns: objectsOf(record.messages).map(toTurn)
        .filter((turn) => turn !== undefined),
    }];
  },
};

/** The same messages without the session, as opencode's server lists them. */
export const opencodeMessages = eventFormat({
  name: "opencode_messages",
  matches: (record) =>
    isObject(record) && isObject(record.info) && Array.isArray(record.parts) &&
    typeof record.info.role === "string",
  conversationOf: ({ info }) =>
    isObject(info) ? textOrUndefined(info.sessionID) : undefined,
  turnOf: toTurn,
});

/** A file of opencode's storage folder: messages and their texts lie in files of their own. */
export const opencodeStorage: RefusedFormat = {
  kind: "refused",
  name: "opencode_storage",
  matches: (record) =>
    isObject(record) && typeof record.sessionID === "string" &&
    record.parts === undefined && record.content === undefined &&
    (typeof record.messageID === "string" || typeof record.role === "string"),
  reason:
    "opencode keeps a conversation in many files; write it into one with `opencode export <session>`",
};

function toTurn(message: JsonObject): Turn | undefined {
  const info = isObject(message.info) ? message.info : {};
  const role = roleOf(info.role);
  const text = textOf(
    objectsOf(message.parts).filter(({ synthetic }) => synthetic !== true),
  );
  if (role === undefined || text === "") return undefined;
  const time = isObject(info.time) ? info.time.created : undefined;
  return {
    role,
    text,
    id: textOrUndefined(info.id),
    time,
    model: textOrUndefined(info.modelID),
  };
}
