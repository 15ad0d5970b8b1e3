import { textOrUndefined } from "../json.ts";
import { eventFormat } from "./event_format.ts";
import { conversationFormat } from "./format.ts";
import { listTurns, messageTurn } from "./list_turns.ts";
import { textTurn } from "./text_turn.ts";

/** Hermes: `{session_id, system_prompt, platform, messages: [{role, content}]}`. */
export const hermes = conversationFormat({
  name: "hermes",
  matches: (record) =>
    typeof record.session_id === "string" &&
    Array.isArray(record.messages) &&
    (record.system_prompt !== undefined || record.platform !== undefined),
  read: (record) => [{
    id: record.session_id,
    model: record.model,
    turns: [
      textTurn("system", record.system_prompt),
      ...listTurns(record.messages),
    ],
  }],
});

/** Hermes as lines: one with role `session_meta`, then messages. */
export const hermesLines = eventFormat({
  name: "hermes_lines",
  matches: (record) => record.role === "session_meta",
  about: (record) =>
    record.role === "session_meta"
      ? {
        id: textOrUndefined(record.session_id),
        model: textOrUndefined(record.model),
      }
      : undefined,
  turnOf: messageTurn,
});
