import { firstObject, isObject, objectsOf, textOrUndefined } from "../json.ts";
import { eventFormat } from "./event_format.ts";
import type { ConversationFormat } from "./format.ts";
import type { Turn } from "../conversation.ts";
import { messageTurn } from "./list_turns.ts";

const EVENT_TYPES = /^(?:user|assistant|system|session|hook|tool|subagent)\./;

/**
 * GitHub Copilot CLI: a line per event, `{type: "user.message", data: {content}}`.
 * `transformedContent` is the wrapped copy; what a parent agent sends to a sub-agent is no prompt.
 */
export const copilotCli = eventFormat({
  name: "copilot_cli",
  matches: (record) =>
    isObject(record) && isObject(record.data) &&
    typeof record.type === "string" && EVENT_TYPES.test(record.type),
  about: ({ type, data }) =>
    type === "session.start" && isObject(data)
      ? {
        id: textOrUndefined(data.sessionId),
        model: textOrUndefined(data.selectedModel),
      }
      : undefined,
  turnOf: ({ type, data, timestamp }) => {
    if (!isObject(data) || typeof data.content !== "string") return undefined;
    const role = type === "user.message"
      ? "user"
      : type === "assistant.message"
      ? "assistant"
      : undefined;
    const nested = data.parentToolCallId ?? data.parentAgentTaskId ?? null;
    if (role === undefined || nested !== null || data.content === "") {
      return undefined;
    }
    const turn: Turn = { role, text: data.content };
    if (timestamp !== undefined) turn.time = timestamp;
    const model = textOrUndefined(data.model);
    if (model !== undefined) turn.model = model;
    return turn;
  },
});

/** Its older sessions: `{history: [{role: "human", content} | {role: "assistant", result}]}`. */
export const copilotCliHistory: ConversationFormat = {
  kind: "conversation",
  name: "copilot_cli_history",
  matches: (record) => {
    const first = isObject(record) ? firstObject(record.history) : undefined;
    return first !== undefined && typeof first.role === "string";
  },
  read: (record) => {
    if (!isObject(record)) return [];
    const turns = objectsOf(record.history)
      .map((entry) =>
        messageTurn({ ...entry, content: entry.content ?? entry.result })
      )
      .filter((turn) => turn !== undefined);
    return [{ id: textOrUndefined(record.sessionId ?? record.id), turns }];
  },
};
