import type { Turn } from "../conversation.ts";
import { isObject, type JsonObject, textOrUndefined } from "../json.ts";
import { eventFormat } from "./event_format.ts";
import { withoutBlocks } from "./injected_text.ts";
import { roleOf } from "./role_of.ts";
import { textOf } from "./text_of.ts";
import { textTurn } from "./text_turn.ts";

const IGNORED = {
  custom_message: "context that the program added",
  "message/toolResult": "what a tool answered",
  "message/bashExecution": "a command and what it answered",
  "message/system-reminder": "context that the program added",
  compaction: "a summary that the program made",
  branch_summary: "a summary that the program made",
  compaction_state: "a summary that the program made",
  todo_state: "a list of the model",
};

/** Factory droid: `{type: "session_start"}`, then messages; tool results have role user. */
export const droid = eventFormat({
  name: "droid",
  matches: (record) => record.type === "session_start",
  about,
  ignored: IGNORED,
  turnOf: toTurn,
});

/**
 * pi and OpenClaw: `{type: "session"}`, then `{type: "message", id, parentId, message: {role,
 * content}}`. Injected context is a `custom_message`, tool results have a role of their own.
 */
export const pi = eventFormat({
  name: "pi",
  matches: (record) =>
    (record.type === "session" &&
      (record.version !== undefined || record.cwd !== undefined)) ||
    isMessage(record),
  about,
  ignored: IGNORED,
  turnOf: toTurn,
});

function isMessage({ type, message, parentId }: JsonObject): boolean {
  return type === "message" && isObject(message) && parentId !== undefined;
}

function about(record: JsonObject) {
  const isHeader = record.type === "session" || record.type === "session_start";
  return {
    id: isHeader ? textOrUndefined(record.id) : undefined,
    title: isHeader
      ? textOrUndefined(record.sessionTitle ?? record.title)
      : undefined,
    model: record.type === "model_change"
      ? textOrUndefined(record.modelId)
      : undefined,
  };
}

function toTurn(record: JsonObject): Turn | string | undefined {
  const { type, message, id, timestamp } = record;
  if (type !== "message" || !isObject(message)) return undefined;
  const role = roleOf(message.role);
  const words = textOf(message.content);
  const text = role === "user"
    ? withoutBlocks(words, ["system-reminder"])
    : words;
  if (text === "" && words !== "") return "message/system-reminder";
  return textTurn(role, text, { id, time: timestamp, model: message.model });
}
