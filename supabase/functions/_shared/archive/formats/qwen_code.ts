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
  turnOf: toTurn,
});

function toTurn(record: JsonObject): Turn | undefined {
  const { type, message, uuid, timestamp, model } = record;
  if (type !== "user" && type !== "assistant") return undefined;
  if (!isObject(message) || record.subtype === "notification") return undefined;
  const text = textOf(
    objectsOf(message.parts).filter((part) =>
      !opensWith(textOf([part]), INJECTED)
    ),
  );
  return textTurn(type, text, { id: uuid, time: timestamp, model });
}
