import type { Turn } from "../conversation.ts";
import {
  isObject,
  type JsonObject,
  objectsOf,
  textOrUndefined,
} from "../json.ts";
import { eventFormat } from "./event_format.ts";
import { opensWith } from "./injected_text.ts";
import { textOf } from "./text_of.ts";
import { textTurn } from "./text_turn.ts";

const INJECTED = ["<qwen:", "<system-reminder>"];

/**
 * Qwen Code: Claude Code's events with Gemini's messages, `{type, uuid, sessionId, message:
 * {role, parts}}`. Tool results have role user, notifications type user.
 */
export const qwenCode = eventFormat({
  name: "qwen_code",
  matches: (record) =>
    typeof record.sessionId === "string" &&
    isObject(record.message) && Array.isArray(record.message.parts),
  about: ({ sessionId }) => ({ id: textOrUndefined(sessionId) }),
  ignored: {
    "user/notification": "a notice of the program",
    "user/injected": "context that the program added",
    "tool_result/user": "what a tool answered",
    "system*": "written by the program",
  },
  turnOf: toTurn,
});

function toTurn(record: JsonObject): Turn | string | undefined {
  const { type, message, uuid, timestamp, model } = record;
  if (type !== "user" && type !== "assistant") return undefined;
  if (!isObject(message)) return undefined;
  if (record.subtype === "notification") return "user/notification";
  const words = objectsOf(message.parts).map((part) => textOf([part]))
    .filter((text) => text !== "");
  const text = words.filter((text) => !opensWith(text, INJECTED)).join("\n");
  if (text === "" && words.length > 0) return "user/injected";
  return textTurn(type, text, { id: uuid, time: timestamp, model });
}
