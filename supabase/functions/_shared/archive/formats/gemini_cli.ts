import type { Turn } from "../conversation.ts";
import {
  firstObject,
  isObject,
  type JsonObject,
  objectsOf,
  textOrUndefined,
} from "../json.ts";
import { eventFormat } from "./event_format.ts";
import {
  buildAll,
  type ConversationBuilder,
  conversationFormat,
  type MessageFormat,
} from "./format.ts";
import { opensWith } from "./injected_text.ts";
import { messageTurn } from "./list_turns.ts";
import { textOf } from "./text_of.ts";
import { textTurn } from "./text_turn.ts";

const IGNORED = {
  header: "about the session",
  "user/context": "context that the program added",
  "author/info": "a notice of the program",
  "author/error": "a notice of the program",
  "author/warning": "a notice of the program",
  gemini: "thoughts and tools of the model",
};

const lines = eventFormat({
  name: "gemini_cli_lines",
  matches: (record) =>
    (typeof record.sessionId === "string" &&
      (record.projectHash !== undefined ||
        (record.startTime !== undefined && record.type === undefined))) ||
    isObject(record.$set) || typeof record.$rewindTo === "string",
  about: (record) => ({
    id: textOrUndefined(record.sessionId),
    title: textOrUndefined(record.summary),
  }),
  ignored: IGNORED,
  // Its messages are read one by one.
  turnOf: (record) =>
    Array.isArray(record.messages) ? "header" : toTurn(record),
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
    let isSubagent = false;
    return {
      add(record) {
        // A parent agent wrote its prompts.
        isSubagent ||= record.kind === "subagent";
        if (isSubagent) return false;
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
export const geminiCli = conversationFormat({
  name: "gemini_cli",
  matches: (record) =>
    typeof record.sessionId === "string" &&
    (record.projectHash !== undefined || record.startTime !== undefined) &&
    // An empty list is the header of the lines above.
    objectsOf(record.messages).some(({ type }) => typeof type === "string"),
  read: (record) => buildAll(geminiCliLines, [record]),
});

/** Gemini CLI's `logs.json`: `[{sessionId, messageId, type: "user", message}]`. */
export const geminiCliLogs = eventFormat({
  name: "gemini_cli_logs",
  matches: (record) =>
    typeof record.sessionId === "string" &&
    record.messageId !== undefined && typeof record.message === "string",
  conversationOf: ({ sessionId }) => textOrUndefined(sessionId),
  turnOf: ({ type, message, messageId, timestamp }) =>
    textTurn(type === "user" ? "user" : undefined, message, {
      id: messageId,
      time: timestamp,
    }),
});

/** What `/chat save` writes: Gemini's `contents`, of which the first is the context of the program. */
export const geminiCliCheckpoint = eventFormat({
  name: "gemini_cli_checkpoint",
  matches: (record) => isContext(record),
  ignored: IGNORED,
  turnOf: toTurn,
});

/** The same in `{history: […]}`, as newer versions and the backups before a tool's edit have it. */
export const geminiCliHistory = conversationFormat({
  name: "gemini_cli_history",
  matches: (record) => Array.isArray(firstObject(record.history)?.parts),
  read: (record) => buildAll(geminiCliCheckpoint, objectsOf(record.history)),
});

const INJECTED = [
  "This is the Gemini CLI. We are setting up the context",
  "<session_context>",
];

function isContext(record: JsonObject): boolean {
  return record.role === "user" && Array.isArray(record.parts) &&
    opensWith(textOf(record.parts), INJECTED);
}

function toTurn(record: JsonObject): Turn | string | undefined {
  const turn = messageTurn(record);
  return turn !== undefined && opensWith(turn.text, INJECTED)
    ? "user/context"
    : turn;
}
