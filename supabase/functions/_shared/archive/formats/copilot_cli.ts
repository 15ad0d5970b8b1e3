import {
  firstObject,
  isObject,
  objectOrEmpty,
  objectsOf,
  textOrUndefined,
} from "../json.ts";
import { eventFormat } from "./event_format.ts";
import { conversationFormat } from "./format.ts";
import { messageTurn } from "./list_turns.ts";
import { textTurn } from "./text_turn.ts";

const EVENT_TYPES = /^(?:user|assistant|system|session|hook|tool|subagent)\./;

/**
 * GitHub Copilot CLI: a line per event, `{type: "user.message", data: {content}}`.
 * `transformedContent` is the wrapped copy; what a parent agent sends to a sub-agent is no prompt.
 */
export const copilotCli = eventFormat({
  name: "copilot_cli",
  matches: (record) =>
    isObject(record.data) &&
    typeof record.type === "string" && EVENT_TYPES.test(record.type),
  ignored: {
    "user.message/sub-agent": "what a parent agent sends",
    "assistant.message/sub-agent": "what a sub-agent answers",
    "system.*": "written by the program",
    "session.*": "about the session",
    "hook.*": "of a hook",
    "tool.*": "a tool's call or what it answered",
    "subagent.*": "of a sub-agent",
    "assistant.*": "thoughts, plans, usage and tools of the model",
  },
  about: ({ type, data }) =>
    type === "session.start" && isObject(data)
      ? {
        id: textOrUndefined(data.sessionId),
        model: textOrUndefined(data.selectedModel),
      }
      : undefined,
  turnOf: ({ type, data, timestamp }) => {
    const role = type === "user.message"
      ? "user"
      : type === "assistant.message"
      ? "assistant"
      : undefined;
    const { content, model, parentToolCallId, parentAgentTaskId } =
      objectOrEmpty(data);
    return (parentToolCallId ?? parentAgentTaskId ?? null) === null
      ? textTurn(role, content, { time: timestamp, model })
      : `${String(type)}/sub-agent`;
  },
});

/** Its older sessions: `{history: [{role: "human", content} | {role: "assistant", result}]}`. */
export const copilotCliHistory = conversationFormat({
  name: "copilot_cli_history",
  matches: (record) => typeof firstObject(record.history)?.role === "string",
  read: (record) => [{
    id: record.sessionId ?? record.id,
    turns: objectsOf(record.history).map((entry) =>
      messageTurn({ ...entry, content: entry.content ?? entry.result })
    ),
  }],
});
