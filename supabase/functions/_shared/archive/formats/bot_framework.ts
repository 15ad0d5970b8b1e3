import type { Turn } from "../conversation.ts";
import {
  isObject,
  type Json,
  type JsonObject,
  objectOrEmpty,
  objectsOf,
  textOrUndefined,
} from "../json.ts";
import { eventFormat } from "./event_format.ts";
import { buildAll, conversationFormat } from "./format.ts";
import { roleOf } from "./role_of.ts";
import { textTurn } from "./text_turn.ts";
import { parseJson } from "../records/parse_json.ts";

/**
 * Bot Framework transcripts: activities `{type, from, recipient, conversation, text}`. Only messages
 * are turns; events may also come from the user, and traces repeat the user's message.
 */
export const botFramework = eventFormat({
  name: "bot_framework",
  matches: (record) =>
    typeof record.type === "string" &&
    record.channelId !== undefined &&
    (isObject(record.from) || isObject(record.conversation)),
  conversationOf: ({ conversation }) =>
    textOrUndefined(objectOrEmpty(conversation).id),
  ignored: {
    trace: "repeats what was said, for debugging",
    event: "of the program",
    invoke: "a button or card",
    conversationUpdate: "people come and go",
    installationUpdate: "people come and go",
    messageReaction: "no words",
    typing: "no words",
    endOfConversation: "of the program",
    "message/card": "a card or file without text",
  },
  turnOf: toTurn,
});

/** Copilot Studio's transcripts: `{activities: […]}`, or a row whose `content` is that as text. */
export const copilotStudio = conversationFormat({
  name: "copilot_studio",
  matches: (record) =>
    Array.isArray(record.activities) ||
    (typeof record.content === "string" &&
      /^\s*\{\s*"activities"/.test(record.content)),
  read: (record) => {
    const holder: Json = typeof record.content === "string"
      ? parseJson(record.content)
      : record;
    const activities = objectsOf(objectOrEmpty(holder).activities);
    const conversations = buildAll(botFramework, activities);
    const id = textOrUndefined(record.conversationtranscriptid ?? record.id);
    return conversations.map((one) => ({ ...one, id: one.id ?? id }));
  },
});

function toTurn(activity: JsonObject): Turn | string | undefined {
  const { type, text, id, timestamp } = activity;
  if (type !== "message") return undefined;
  const role = isFromUser(activity) ? "user" : "assistant";
  return textTurn(role, text, { id, time: timestamp }) ?? "message/card";
}

/** Roles are words or numbers (0 bot, 1 user); Teams has none, its bots' ids begin with 28. */
function isFromUser({ from, recipient }: JsonObject): boolean {
  const sender = objectOrEmpty(from);
  const receiver = objectOrEmpty(recipient);
  if (sender.role !== undefined && sender.role !== null) {
    return sender.role === 1 || roleOf(sender.role) === "user";
  }
  if (receiver.role !== undefined && receiver.role !== null) {
    return receiver.role === 0 || roleOf(receiver.role) === "assistant" ||
      receiver.role === "skill";
  }
  const id = textOrUndefined(sender.id) ?? "";
  return !id.startsWith("28:") && !/bot/i.test(`${id} ${sender.name ?? ""}`);
}
