import type { Turn } from "../conversation.ts";
import {
  isObject,
  type JsonObject,
  objectsOf,
  textOrUndefined,
} from "../json.ts";
import { eventFormat } from "./event_format.ts";
import { buildAll, type ConversationFormat } from "./format.ts";
import { opensWith } from "./injected_text.ts";
import { messageTurn } from "./list_turns.ts";
import type { ConversationBuilder, MessageFormat } from "./format.ts";

const lines = eventFormat({
  name: "gemini_cli_lines",
  matches: (record) =>
    isObject(record) &&
    ((typeof record.sessionId === "string" &&
      (record.projectHash !== undefined ||
        (record.startTime !== undefined && record.type === undefined))) ||
      isObject(record.$set) || typeof record.$rewindTo === "string"),
  about: (record) => ({
    id: textOrUndefined(record.sessionId),
    title: textOrUndefined(record.summary),
  }),
  turnOf: toTurn,
});

/**
 * Gemini CLI's session files as lines: a header, messages that are written again when they grow,
 * `{"$set": {…}}` and `{"$rewindTo": id}`. A list of messages in `$set` or in the header adds what is
 * not known yet: after a compression it lacks earlier prompts, which stay.
 */
export const geminiCliLines: MessageFormat = {
  ...lines,
  open(id): ConversationBuilder {
    const builder = lines.open(id);
    return {
      add(record) {
        const patch = isObject(record.$set) ? record.$set : record;
        let held = builder.add(patch);
        for (const message of objectsOf(patch.messages)) {
          held = builder.add(message) || held;
        }
        return held;
      },
      build: () => builder.build(),
    };
  },
};

/** The same as one object: `{sessionId, projectHash, messages: [{type: "user" | "gemini", content}]}`. */
export const geminiCli: ConversationFormat = {
  kind: "conversation",
  name: "gemini_cli",
  matches: (record) =>
    isObject(record) && typeof record.sessionId === "string" &&
    (record.projectHash !== undefined || record.startTime !== undefined) &&
    // An empty list is the header of the lines above.
    objectsOf(record.messages).some(({ type }) => typeof type === "string"),
  read: (record) => isObject(record) ? buildAll(geminiCliLines, [record]) : [],
};

/** Gemini CLI's `logs.json`: `[{sessionId, messageId, type: "user", message}]`. */
export const geminiCliLogs = eventFormat({
  name: "gemini_cli_logs",
  matches: (record) =>
    isObject(record) && typeof record.sessionId === "string" &&
    record.messageId !== undefined && typeof record.message === "string",
  conversationOf: ({ sessionId }) => textOrUndefined(sessionId),
  turnOf: ({ type, message, messageId, timestamp }) =>
    type === "user" && typeof message === "string" && message !== ""
      ? {
        role: "user",
        text: message,
        id: textOrUndefined(messageId),
        time: timestamp,
      }
      : undefined,
});

const INJECTED = [
  "This is the Gemini CLI. We are setting up the context",
  "<session_context>",
];

function toTurn(record: JsonObject): Turn | undefined {
  const turn = messageTurn(record);
  if (turn === undefined || opensWith(turn.text, INJECTED)) return undefined;
  return turn;
}
