import type { Turn } from "../conversation.ts";
import {
  isObject,
  type Json,
  type JsonObject,
  objectsOf,
  textOrUndefined,
} from "../json.ts";
import { eventFormat } from "./event_format.ts";
import { buildAll, conversationFormat } from "./format.ts";
import { roleOf } from "./role_of.ts";
import { textTurn } from "./text_turn.ts";
import { parseJson } from "../records/parse_json.ts";

/**
 * Rasa's event table: a row per event, `{sender_id, type_name, data: "{…}"}`, or the events that it
 * sends to a broker, `{sender_id, event, text}`. Payloads of buttons
 * (`/intent{…}`) are turns too: the option `exclude` with `^/` drops them.
 */
export const rasaEvents = eventFormat({
  name: "rasa_events",
  matches: (record) =>
    record.sender_id !== undefined &&
    record.events === undefined &&
    (typeof record.type_name === "string" ||
      typeof record.event === "string" ||
      (typeof record.data === "string" && record.data.includes('"event"'))),
  conversationOf: ({ sender_id }) => textOrUndefined(sender_id),
  ignored: {
    "*slot": "what the bot remembers",
    "*action*": "a step of the bot",
    "*form*": "a step of the bot",
    "*loop*": "a step of the bot",
    "*followup": "a step of the bot",
    "*reminder*": "a step of the bot",
    "*entities": "what the bot understood",
    "*featurization": "what the bot understood",
    "*session_started": "about the session",
  },
  turnOf: (row) =>
    toTurn(
      typeof row.data === "string" ? parseJson(row.data) : row.data ?? row,
    ),
});

/** Rasa's tracker: `{sender_id, slots, events: [{event: "user" | "bot", text}]}`. */
export const rasa = conversationFormat({
  name: "rasa",
  matches: (record) =>
    (Array.isArray(record.events) || record.events === null) &&
    (record.sender_id !== undefined || record.latest_message !== undefined),
  read: (record) => {
    const events = objectsOf(record.events)
      .map((data) => ({ sender_id: record.sender_id, data }) as JsonObject);
    return buildAll(rasaEvents, events)
      .concat(events.length === 0 ? [emptyTracker(record)] : []);
  },
});

function emptyTracker(record: JsonObject) {
  return { id: textOrUndefined(record.sender_id), turns: [] };
}

function toTurn(event: Json | undefined): Turn | undefined {
  if (!isObject(event)) return undefined;
  const { event: author, text, timestamp, message_id } = event;
  return textTurn(roleOf(author), text, { id: message_id, time: timestamp });
}
