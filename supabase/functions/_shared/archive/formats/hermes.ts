import { isObject, textOrUndefined } from "../json.ts";
import { eventFormat } from "./event_format.ts";
import type { ConversationFormat } from "./format.ts";
import { listTurns, messageTurn } from "./list_turns.ts";

/** Hermes: `{session_id, system_prompt, platform, messages: [{role, content}]}`. */
export const hermes: ConversationFormat = {
  kind: "conversation",
  name: "hermes",
  matches: (record) =>
    isObject(record) && typeof record.session_id === "string" &&
    Array.isArray(record.messages) &&
    (record.system_prompt !== undefined || record.platform !== undefined),
  read: (record) => {
    if (!isObject(record)) return [];
    const turns = listTurns(record.messages);
    if (typeof record.system_prompt === "string" && record.system_prompt) {
      turns.unshift({ role: "system", text: record.system_prompt });
    }
    return [{
      id: textOrUndefined(record.session_id),
      model: textOrUndefined(record.model),
      turns,
    }];
  },
};

/** Hermes as lines: one with role `session_meta`, then messages. */
export const hermesLines = eventFormat({
  name: "hermes_lines",
  matches: (record) => isObject(record) && record.role === "session_meta",
  about: (record) =>
    record.role === "session_meta"
      ? {
        id: textOrUndefined(record.session_id),
        model: textOrUndefined(record.model),
      }
      : undefined,
  turnOf: messageTurn,
});
