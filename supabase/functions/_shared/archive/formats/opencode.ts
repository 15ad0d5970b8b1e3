import type { Turn } from "../conversation.ts";
import {
  firstObject,
  isObject,
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
} from "./format.ts";
import { groupBy } from "./group_by.ts";
import { roleOf } from "./role_of.ts";
import { textOf } from "./text_of.ts";
import { textTurn, turnsOf } from "./text_turn.ts";

/**
 * opencode's `export`: `{info, messages: [{info: {id, role}, parts: [{type: "text", text}]}]}`. Parts
 * with `synthetic` were put in by the program.
 */
export const opencode = conversationFormat({
  name: "opencode",
  matches: ({ messages }) => {
    const { info, parts } = firstObject(messages) ?? {};
    return isObject(info) && Array.isArray(parts);
  },
  read: (record) => {
    const info = objectOrEmpty(record.info);
    return [{
      id: info.id,
      title: info.title,
      turns: objectsOf(record.messages).map(toTurn),
    }];
  },
});

/** The same messages without the session, as opencode's server lists them. */
export const opencodeMessages = eventFormat({
  name: "opencode_messages",
  matches: (record) =>
    isObject(record.info) && Array.isArray(record.parts) &&
    typeof record.info.role === "string",
  conversationOf: ({ info }) => textOrUndefined(objectOrEmpty(info).sessionID),
  turnOf: toTurn,
});

/**
 * opencode's folder of storage as one stream of records: sessions `{id, projectID}`, messages `{id,
 * sessionID, role}` and their parts `{messageID, type: "text", text}`, in any order.
 */
export const opencodeStorage = messageFormat({
  name: "opencode_storage",
  matches: (record) =>
    record.parts === undefined &&
    (isStoredSession(record) || isStoredMessage(record) ||
      isStoredPart(record)),
  open: openStorage,
});

function isStoredSession({ id, projectID, directory }: JsonObject): boolean {
  return typeof id === "string" && typeof projectID === "string" &&
    directory !== undefined;
}

function isStoredMessage({ sessionID, role, content }: JsonObject): boolean {
  return typeof sessionID === "string" && typeof role === "string" &&
    content === undefined;
}

function isStoredPart({ id, messageID, type }: JsonObject): boolean {
  return typeof id === "string" && typeof messageID === "string" &&
    typeof type === "string";
}

function openStorage(): ConversationBuilder {
  const sessions = new Map<string, JsonObject>();
  const messages = new Map<string, JsonObject>();
  const parts: JsonObject[] = [];
  return {
    add(record) {
      if (isStoredPart(record)) {
        if (record.type !== "text") return false;
        parts.push(record);
      } else if (isStoredMessage(record)) messages.set(idOf(record), record);
      else if (isStoredSession(record)) sessions.set(idOf(record), record);
      else return false;
      return true;
    },
    build() {
      const byMessage = groupBy(parts, ({ messageID }) => String(messageID));
      if (
        messages.size === 0 ||
        ![...messages.keys()].some((id) => byMessage.has(id))
      ) {
        throw new TypeError(
          "opencode keeps a conversation in many files; give its whole folder, a zip of it, or what `opencode export <session>` writes",
        );
      }
      const inOrder = [...messages.values()].sort(byCreation);
      const bySession = groupBy(inOrder, ({ sessionID }) => String(sessionID));
      return [...bySession].map(([id, own]) => ({
        id,
        title: textOrUndefined(sessions.get(id)?.title),
        turns: turnsOf(
          own.map((info) =>
            toTurn({ info, parts: byMessage.get(idOf(info))?.sort(byId) })
          ),
        ),
      }));
    },
  };
}

function idOf({ id }: JsonObject): string {
  return String(id);
}

// Ids rise with time.
function byId(a: JsonObject, b: JsonObject): number {
  return idOf(a) < idOf(b) ? -1 : 1;
}

function byCreation(a: JsonObject, b: JsonObject): number {
  return createdAt(a) - createdAt(b) || byId(a, b);
}

function createdAt({ time }: JsonObject): number {
  return isObject(time) && typeof time.created === "number" ? time.created : 0;
}

function toTurn(message: JsonObject): Turn | undefined {
  const info = objectOrEmpty(message.info);
  const text = textOf(
    objectsOf(message.parts).filter(({ synthetic }) => synthetic !== true),
  );
  return textTurn(roleOf(info.role), text, {
    id: info.id,
    time: objectOrEmpty(info.time).created,
    model: info.modelID,
  });
}
